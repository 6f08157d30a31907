/**
 * Which partition a record goes to, and that a request which the client repeats goes where it went before.
 *
 * The client asks for the partitions anew at each attempt, and leaves out the brokers that have answered. By itself it gives
 * a record without a key another partition then, so that it is there twice. And where a partition has come to another
 * broker meanwhile, what it gets depends on what that broker had answered for others: nothing at all, or what it has already
 * (https://github.com/tulios/kafkajs/issues/1303). So the first partition is kept, and such a request fails as a whole.
 */
import kafkajs, { type ICustomPartitioner, type PartitionMetadata } from "kafkajs";
import { UndercurrentError } from "../../errors.js";

export class Placement {
  readonly #input: number;
  readonly #byKey = kafkajs.Partitioners.DefaultPartitioner();
  /** The nodes that led partitions when the request was sent first, by topic and partition. */
  readonly #leaders = new Map<string, number>();
  /** What the record before was checked against: most have the same. */
  #topic = "";
  #partition = -1;
  #metadata: readonly PartitionMetadata[] | undefined;

  /** For records of this input partition. */
  constructor(input: number) {
    this.#input = input;
  }

  /** To be called before each request. */
  begin(): void {
    this.#leaders.clear();
    this.#metadata = undefined;
  }

  /**
   * For the client: the partition that a record has; else by its key as every client does; and without one the partition of
   * the same number as the input's. Throws where its leader is another than at the first attempt, or there is no such
   * partition, of which the client would say nothing.
   */
  readonly createPartitioner: ICustomPartitioner = () => (given) => {
    const { topic, partitionMetadata, message } = given;
    const partition = (message.partition ??=
      message.key === null ? this.#input % partitionMetadata.length : this.#byKey(given));
    if (topic !== this.#topic || partition !== this.#partition || partitionMetadata !== this.#metadata) {
      this.#check(topic, partition, partitionMetadata);
      this.#topic = topic;
      this.#partition = partition;
      this.#metadata = partitionMetadata;
    }
    return partition;
  };

  #check(topic: string, partition: number, metadata: readonly PartitionMetadata[]): void {
    const place = `${topic}, partition ${partition}`;
    const leader = metadata.find(({ partitionId }) => partitionId === partition)?.leader;
    if (leader === undefined) throw new UndercurrentError("COMMIT_UNCERTAIN", `there is no ${place}`);
    const first = this.#leaders.get(place) ?? leader;
    if (first !== leader) {
      throw new UndercurrentError(
        "COMMIT_UNCERTAIN",
        `${place} has come from broker ${first} to ${leader} while a request was under way`,
      );
    }
    this.#leaders.set(place, leader);
  }
}
