// Passwords of SCRAM users, changed and taken away while the broker runs, which no client of Node does but by the protocol.
import { pbkdf2Sync, randomBytes } from "node:crypto";
import { alterUserScramCredentialsV0, Connection } from "@platformatic/kafka";

/** Number of SCRAM-SHA-512 in the protocol. */
const sha512 = 2;
const iterations = 4096;

type Request = Parameters<typeof alterUserScramCredentialsV0.api.async>;

/** Gives a user another password for SCRAM-SHA-512. Connections that were let in stay. */
export function changePassword(broker: string, name: string, password: string): Promise<void> {
  const salt = randomBytes(20);
  const saltedPassword = pbkdf2Sync(password, salt, iterations, 64, "sha512");
  return alter(broker, [], [{ name, mechanism: sha512, iterations, salt, saltedPassword }]);
}

/** A user who can no longer come in by SCRAM-SHA-512. */
export const deleteUser = (broker: string, name: string): Promise<void> =>
  alter(broker, [{ name, mechanism: sha512 }], []);

async function alter(broker: string, deletions: Request[1], upsertions: Request[2]): Promise<void> {
  const [host, port] = broker.split(":") as [string, string];
  const connection = new Connection("test");
  await connection.connect(host, Number(port));
  try {
    await alterUserScramCredentialsV0.api.async(connection, deletions, upsertions);
  } finally {
    await connection.close();
  }
}
