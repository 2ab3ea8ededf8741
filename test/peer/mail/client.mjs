// npm nodemailer: sends the mails of the task on stdin and prints what came of each.
// {"transport":{...},"mails":[...]}
import { readFileSync } from "node:fs";
import nodemailer from "nodemailer";

const task = JSON.parse(readFileSync(0, "utf8"));
if (task.transport.ca) task.transport.tls = { ca: readFileSync(task.transport.ca) };
const transport = nodemailer.createTransport(task.transport);
const results = [];
for (const mail of task.mails) {
  try {
    const sent = await transport.sendMail(mail);
    results.push({ ok: true, response: sent.response, accepted: sent.accepted });
  } catch (error) {
    results.push({ ok: false, code: error.responseCode ?? null, text: error.response ?? String(error) });
  }
}
transport.close();
process.stdout.write(JSON.stringify(results));
