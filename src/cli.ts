#!/usr/bin/env node
/** Starts the command `undercurrent`. The build has it import the bundled command, whose files Node loads and runs faster. */
import { main } from "./cli/main.js";

await main();
