// Reads every mail of a folder with mailparser and verifies its signatures with mailauth, whose DNS
// answers come from dns.json. Prints one JSON object: name -> what was found.
import { readFileSync, readdirSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { simpleParser } from "mailparser";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";

const folder = process.argv[2];
const dns = JSON.parse(readFileSync(join(folder, "dns.json"), "utf8"));
const resolver = async (name, type) => {
  if (type === "TXT" && dns[name]) return [[dns[name]]];
  const error = new Error(`no ${type} for ${name}`);
  error.code = "ENOTFOUND";
  throw error;
};

const found = {};
for (const file of readdirSync(folder).filter((name) => name.endsWith(".eml"))) {
  const raw = readFileSync(join(folder, file));
  const mail = await simpleParser(raw, { skipImageLinks: true, skipTextToHtml: true });
  const verified = await dkimVerify(raw, { resolver });
  found[file.replace(/\.eml$/, "")] = {
    subject: mail.subject,
    from: mail.from.value[0],
    to: mail.to.value[0],
    reply_to: mail.replyTo?.value[0],
    text: mail.text,
    html: mail.html || "",
    message_id: mail.messageId,
    date: mail.date.toISOString(),
    list: mail.headers.get("list"),
    files: mail.attachments.map((a) => ({
      filename: a.filename,
      type: a.contentType,
      content_id: a.contentId || "",
      disposition: a.contentDisposition,
      size: a.size,
      sha256: createHash("sha256").update(a.content).digest("hex"),
    })),
    dkim: verified.results.map((r) => ({
      result: r.status.result,
      comment: r.status.comment,
      selector: r.selector,
      algorithm: r.algo,
      aligned: r.status.aligned,
    })),
  };
}
process.stdout.write(JSON.stringify(found));
