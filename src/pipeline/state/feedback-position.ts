/** How far feedback and commands were read, in each topic that they were ever read from. */
export interface FeedbackPosition {
  /** Offset at which the next record is read. */
  readonly next: number;
  /** Topic of that offset; undefined for the incidents topic. */
  readonly topic?: string | undefined;
  /** Offsets in topics that were read before; an empty name stands for the incidents topic. */
  readonly others?: Readonly<Record<string, number>> | undefined;
  /** Commands before this offset of the topic were given before the state was imported, and are over. */
  readonly commandsFrom?: number | undefined;
}

/** Returns the offset at which a topic is read on; undefined for a topic that was never read. */
export function nextIn(
  position: FeedbackPosition | undefined,
  topic: string | undefined,
): number | undefined {
  if (position === undefined) return undefined;
  return position.topic === topic ? position.next : position.others?.[topic ?? ""];
}

/** Returns the position behind records of a topic. Those of other topics stay, in case a topic is read again. */
export function movedTo(
  position: FeedbackPosition | undefined,
  topic: string | undefined,
  next: number,
): FeedbackPosition {
  const { commandsFrom = 0 } = position ?? {};
  const isSame = position === undefined || position.topic === topic;
  const own = topic ?? "";
  const { [own]: _, ...others } = {
    ...position?.others,
    ...(!isSame && { [position.topic ?? ""]: Math.max(position.next, commandsFrom) }),
  };
  return {
    next,
    ...(topic !== undefined && { topic }),
    ...(Object.keys(others).length > 0 && { others }),
    ...(isSame && commandsFrom > next && { commandsFrom }),
  };
}
