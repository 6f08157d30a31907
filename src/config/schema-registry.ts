/** Declares the settings of the schema registry. */
import { z } from "zod";
import { secret } from "./credentials.js";

export const registrySchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: "expected an http or https address" })
      .optional()
      .describe(
        "Address of the registry, such as https://registry:8081. A path may follow, such as /apis/ccompat/v7.",
      ),
    username: z.string().min(1).optional().describe("User name for HTTP basic authentication."),
    password: z.string().min(1).optional().describe("Password for HTTP basic authentication.").meta(secret),
    token: z
      .string()
      .min(1)
      .optional()
      .describe("Bearer token, instead of user name and password.")
      .meta(secret),
    ca: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Certificate authorities to trust instead of the system's: PEM text or the path of a PEM file.",
      ),
    timeoutMs: z
      .int()
      .min(100)
      .max(600_000)
      .default(10_000)
      .describe("Longest time of one request, in milliseconds. A registry that is away is asked again."),
  })
  .superRefine(({ url, username, password, token, ca }, context) => {
    const issue = (message: string): void => context.addIssue({ code: "custom", message });
    if (url === undefined && (username ?? password ?? token ?? ca) !== undefined) {
      issue("settings of the registry are given, but url is not");
    }
    if (token !== undefined && (username ?? password) !== undefined)
      issue("token and username exclude each other");
    if ((username === undefined) !== (password === undefined)) issue("username and password need each other");
  });
