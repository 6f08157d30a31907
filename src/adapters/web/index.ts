/** The live page: a telemetry that remembers what the page shows, and the server of the page. */
export { LiveView, type LiveViewOptions } from "./live-view.js";
export { serve, type LiveServer, type ServeOptions } from "./server.js";
