/**
 * The rooms of src, and which way imports point: `npm run rooms`. Rooms stand from the inside out. A file imports from
 * its own room and from rooms before it, and nothing imports in a circle.
 */

/** Floors, and the rooms of each: patterns of paths, from the inside out. */
const floors = {
  src: [
    ..."errors kernel engine forecast operators pipeline adapters config cli"
      .split(" ")
      .map((room) => `src/${room}/`),
    "src/[^/]+[.]ts$",
  ],
  kernel: ["src/kernel/[^/]+[.]ts$", "src/kernel/(cells|regression|text)/"],
  cells: [
    "src/kernel/cells/(memory|matrix)/",
    "src/kernel/cells/(recurrent|context)/",
    "src/kernel/cells/symbols/",
    "src/kernel/cells/(forward|pack|layout)[.]ts$",
    "src/kernel/cells/learning/",
    "src/kernel/cells/index[.]ts$",
  ],
  engine: ["src/engine/[^/]+[.]ts$", "src/engine/(wasm|tfjs)/"],
  forecast: [
    "src/forecast/(settings|(incidents|windows)/(settings|schema|duration)|columns|elementary|call-guard|current-event|options|schema/[a-z]+|iso-time)[.]ts$",
    "src/forecast/encoding/",
    "src/forecast/keys/",
    "src/forecast/experts/",
    "src/forecast/learning/",
    "src/forecast/uncertainty/",
    "src/forecast/horizon/",
    "src/forecast/detection/",
    "src/forecast/incidents/(?!(settings|schema)[.])",
    "src/forecast/snapshot/",
    "src/forecast/(?!(settings|columns|elementary|call-guard|current-event|options|iso-time)[.])[^/]+[.]ts$",
    "src/forecast/(evaluation|symbols)/",
  ],
  pipeline: [
    "src/pipeline/times/",
    "src/pipeline/(decode|encode)-settings[.]ts$",
    "src/pipeline/(ports|settings|options|clock)[.]ts$",
    "src/pipeline/(decode|encode|state)/",
    "src/pipeline/(events|operator|telemetry)[.]ts$",
    "src/pipeline/query/",
    "src/pipeline/task/",
    "src/pipeline/(?!(ports|settings|decode-settings|encode-settings|options|clock|events|operator|telemetry)[.])[^/]+[.]ts$",
  ],
  kafka: [
    "src/adapters/kafka/(options|client-options|defaults|check-options)[.]ts$",
    "src/adapters/kafka/(kafkajs/|platformatic/|(errors|owner|admin-client)[.]ts$)",
    "src/adapters/kafka/credentials/",
    "src/adapters/kafka/admin/",
    "src/adapters/kafka/producer/",
    "src/adapters/kafka/consumer/",
    "src/adapters/kafka/source/",
    "src/adapters/kafka/offline/",
    "src/adapters/kafka/index[.]ts$",
  ],
  cli: ["src/cli/shared/", "src/cli/(backtest|service|state)/", "src/cli/tune/", "src/cli/[^/]+[.]ts$"],
};

const anyOf = (patterns) => `^(${patterns.join("|")})`;

const inwards = Object.entries(floors).flatMap(([floor, rooms]) =>
  rooms.slice(0, -1).map((room, index) => ({
    name: `inwards-in-${floor}`,
    comment: "A room imports from itself and from the rooms before it.",
    severity: "error",
    from: { path: anyOf([room]) },
    to: { path: anyOf(rooms.slice(index + 1)) },
  })),
);

const forbid = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

export default {
  forbidden: [
    ...inwards,
    forbid(
      "no-circles",
      "Two files that need each other are one file, or need a third.",
      {},
      { circular: true },
    ),
    forbid(
      "kernel-is-compiled",
      "The kernel is compiled to WebAssembly; its files are no modules of Node.",
      { pathNot: "^src/kernel/" },
      { path: "^src/kernel/" },
    ),
    forbid(
      "no-public-entry-from-inside",
      "What is public is re-exported, not imported back.",
      { path: "^src/(?!cli/)", pathNot: "^src/(index|tfjs|cli)[.]ts$" },
      { path: "^src/(index|pretrained|web|tfjs|cli|(pipeline|adapters/(kafka|schemas))/index)[.]ts$" },
    ),
    forbid(
      "errors-have-an-entry",
      "The files beside errors.ts and library.ts are parts: everything else imports an entry.",
      { path: "^src/", pathNot: "^src/(errors/|index[.]ts$)" },
      { path: "^src/errors/(?!(errors|library)[.]ts$)" },
    ),
    forbid(
      "errors-of-the-library",
      "A bundle of the library holds no texts of the service's errors.",
      { path: "^src/(engine|forecast|operators)/" },
      { path: "^src/errors/errors[.]ts$" },
    ),
    forbid(
      "errors-of-the-service",
      "A module of the service knows the texts of every error.",
      { path: "^src/(pipeline|adapters|config|cli)(/|[.])" },
      { path: "^src/errors/library[.]ts$" },
    ),
    forbid(
      "only-the-command-makes-adapters",
      "The library knows ports; the command connects them.",
      { path: "^src/", pathNot: "^src/(adapters|cli|config)(/|[.])" },
      { path: "^src/adapters/" },
    ),
    forbid(
      "the-configuration-reads-declarations",
      "Of an adapter the configuration reads what its options are and their defaults.",
      { path: "^src/config/" },
      {
        path: "^src/adapters/",
        pathNot: "^src/adapters/[a-z]+/(options|client-options|defaults|inputs)[.]ts$",
      },
    ),
    forbid(
      "only-adapters-know-the-outside",
      "Kafka, HTTP, files and metrics are known to adapters, configuration and command alone.",
      { path: "^src/", pathNot: "^src/(adapters|config|cli)(/|[.])" },
      {
        path: "^(node:)?(fs|http|https|net|os)(/|$)|node_modules/(kafkajs|prom-client|hono|@hono|csv-parse)/",
      },
    ),
    forbid(
      "library-loads-nothing-of-the-outside",
      "Importing the library or the pipeline loads no server, broker client or metrics, and no TensorFlow.js.",
      { path: "^src/(index|pipeline/index)[.]ts$" },
      { path: "^src/(adapters|cli|config|engine/tfjs)/", reachable: true },
    ),
    forbid(
      "library-runs-anywhere",
      "Importing the library loads no module of Node and no pipeline, so that it runs in browsers.",
      { path: "^src/(index|web|pretrained)[.]ts$" },
      { path: "^(node:|src/pipeline/)", reachable: true },
    ),
    forbid(
      "kafka-adapter-loads-no-other",
      "Importing the Kafka adapter loads no other adapter.",
      { path: "^src/adapters/kafka/index[.]ts$" },
      { path: "^src/(adapters/(?!kafka/)|cli|config)", reachable: true },
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
