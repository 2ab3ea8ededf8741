// Sends with @parse/node-apn to a simulated APNs. Argument: JSON with port, ca, key, keyId, teamId and
// sends: [{token, payload...}]. Prints one JSON line for each send.
import apn from "@parse/node-apn";
import { readFileSync } from "node:fs";

const input = JSON.parse(process.argv[2]);
const provider = new apn.Provider({
  token: { key: input.key, keyId: input.keyId, teamId: input.teamId },
  address: "127.0.0.1",
  port: input.port,
  ca: readFileSync(input.ca),
  production: false,
  requestTimeout: 5000,
});
for (const one of input.sends) {
  const note = new apn.Notification();
  note.topic = one.topic ?? "com.example.app";
  note.pushType = one.pushType ?? "alert";
  note.alert = { title: one.title, body: one.body };
  note.payload = one.payload ?? {};
  if (one.badge !== undefined) note.badge = one.badge;
  if (one.collapseId) note.collapseId = one.collapseId;
  if (one.priority) note.priority = one.priority;
  const result = await provider.send(note, one.token);
  console.log(JSON.stringify({
    sent: result.sent.length,
    failed: result.failed.map((f) => ({ status: f.status, reason: f.response?.reason,
      timestamp: f.response?.timestamp, error: f.error?.message })),
  }));
}
await provider.shutdown();
