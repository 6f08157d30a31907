// Peers of the bench on the Java client: `streams-rocksdb`, `streams-memory` and `echo`, each exactly once.
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

public class Peer {
  static final ObjectMapper json = new ObjectMapper();

  /** Arguments: kind, brokers, application, input, output, folder of the state. */
  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("echo")) echo(arguments[1], arguments[2], arguments[3], arguments[4]);
    else streams(arguments);
  }

  static void streams(String[] arguments) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", arguments[1]);
    settings.put("application.id", arguments[2]);
    settings.put("processing.guarantee", "exactly_once_v2");
    settings.put("auto.offset.reset", "earliest");
    settings.put("state.dir", arguments[5]);
    StoreBuilder<KeyValueStore<String, byte[]>> store =
        arguments[0].equals("streams-rocksdb")
            ? Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore("smoothing"), Serdes.String(), Serdes.ByteArray())
            : Stores.keyValueStoreBuilder(
                    Stores.inMemoryKeyValueStore("smoothing"), Serdes.String(), Serdes.ByteArray())
                .withCachingEnabled();
    StreamsBuilder builder = new StreamsBuilder();
    builder.addStateStore(store);
    builder.stream(arguments[3], Consumed.with(Serdes.String(), Serdes.ByteArray()))
        .process(Smoothing::new, "smoothing")
        .to(arguments[4], Produced.with(Serdes.String(), Serdes.ByteArray()));
    new KafkaStreams(builder.build(), settings).start();
  }

  /** Holt's exponential smoothing of each key, with an error band of three mean absolute errors. */
  static class Smoothing extends ContextualProcessor<String, byte[], String, byte[]> {
    private KeyValueStore<String, byte[]> store;

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
      super.init(context);
      store = context.getStateStore("smoothing");
    }

    @Override
    public void process(Record<String, byte[]> record) {
      try {
        JsonNode reading = json.readTree(record.value());
        double value = reading.get("value").doubleValue();
        byte[] state = store.get(record.key());
        double level = value, trend = 0, spread = 0;
        if (state != null) {
          ByteBuffer held = ByteBuffer.wrap(state);
          level = held.getDouble();
          trend = held.getDouble();
          spread = held.getDouble();
        }
        double error = value - (level + trend);
        double score = spread > 0 ? Math.abs(error) / (3 * spread) : 0;
        double next = level + trend + 0.3 * error;
        trend += 0.1 * (next - level - trend);
        level = next;
        spread += 0.1 * (Math.abs(error) - spread);
        store.put(
            record.key(),
            ByteBuffer.allocate(24).putDouble(level).putDouble(trend).putDouble(spread).array());
        ObjectNode forecast = json.createObjectNode();
        forecast.put("key", record.key());
        forecast.put("time", reading.get("time").textValue());
        forecast.put("value", value);
        forecast.put("forecast", level + trend);
        forecast.put("lower", level + trend - 3 * spread);
        forecast.put("upper", level + trend + 3 * spread);
        forecast.put("score", score);
        context().forward(record.withValue(json.writeValueAsBytes(forecast)));
      } catch (java.io.IOException cause) {
        throw new IllegalArgumentException(cause);
      }
    }
  }

  /** Parses each record and writes it again, with its offset in one transaction for all that a poll returns. */
  static void echo(String brokers, String group, String input, String output) throws Exception {
    Map<String, Object> consuming = new HashMap<>();
    consuming.put("bootstrap.servers", brokers);
    consuming.put("group.id", group);
    consuming.put("auto.offset.reset", "earliest");
    consuming.put("enable.auto.commit", false);
    consuming.put("max.poll.records", 5000);
    Map<String, Object> producing = new HashMap<>();
    producing.put("bootstrap.servers", brokers);
    producing.put("transactional.id", group);
    var bytes = Serdes.ByteArray();
    try (var consumer = new KafkaConsumer<>(consuming, bytes.deserializer(), bytes.deserializer());
        var producer = new KafkaProducer<>(producing, bytes.serializer(), bytes.serializer())) {
      producer.initTransactions();
      consumer.subscribe(List.of(input));
      while (true) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(100));
        if (records.isEmpty()) continue;
        producer.beginTransaction();
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
          byte[] value = json.writeValueAsBytes(json.readTree(record.value()));
          producer.send(
              new ProducerRecord<>(
                  output, record.partition(), record.timestamp(), record.key(), value));
          offsets.put(
              new TopicPartition(record.topic(), record.partition()),
              new OffsetAndMetadata(record.offset() + 1));
        }
        producer.sendOffsetsToTransaction(offsets, consumer.groupMetadata());
        producer.commitTransaction();
      }
    }
  }
}
