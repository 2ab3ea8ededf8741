// npm smtp-server with mailparser: prints one JSON line where it listens, then one for each mail as
// mailparser reads it. Argument: JSON {"tls":"off|starttls|implicit","key":FILE,"cert":FILE,"auth":true,
// "user":...,"pass":...,"token":...,"size":N,"refuse":"a@b.c","methods":[...]}.
import { readFileSync } from "node:fs";
import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

const options = JSON.parse(process.argv[2] ?? "{}");
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const refuse = (code, text) => Object.assign(new Error(text), { responseCode: code });

const server = new SMTPServer({
  secure: options.tls === "implicit",
  key: options.key ? readFileSync(options.key) : undefined,
  cert: options.cert ? readFileSync(options.cert) : undefined,
  disabledCommands: options.tls === "starttls" ? [] : ["STARTTLS"],
  authOptional: !options.auth,
  authMethods: options.methods ?? ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"],
  allowInsecureAuth: true,
  size: options.size,
  logger: false,
  onAuth(auth, session, done) {
    const fits = auth.method === "XOAUTH2" ? auth.accessToken === options.token
      : auth.method === "CRAM-MD5" ? auth.validatePassword(options.pass) : auth.password === options.pass;
    if (auth.username !== options.user || !fits) return done(refuse(535, "5.7.8 bad credentials"));
    done(null, { user: auth.username });
  },
  onRcptTo(address, session, done) {
    done(address.address === options.refuse ? refuse(550, "5.1.1 no such user") : undefined);
  },
  onData(stream, session, done) {
    const pieces = [];
    stream.on("data", (piece) => pieces.push(piece));
    stream.on("end", async () => {
      if (stream.sizeExceeded) return done(refuse(552, "5.3.4 too big"));
      const raw = Buffer.concat(pieces);
      const mail = await simpleParser(raw);
      say({
        event: "mail", subject: mail.subject, text: mail.text, html: mail.html, from: mail.from?.text,
        to: mail.to?.text, messageId: mail.messageId, secure: session.secure, user: session.user ?? null,
        envelope: session.envelope, raw: raw.toString("base64"),
        attachments: mail.attachments.map((a) => ({
          name: a.filename, type: a.contentType, content: a.content.toString("base64"), cid: a.cid ?? null,
        })),
      });
      done();
    });
  },
});
server.on("error", (error) => say({ event: "error", text: String(error) }));
server.listen(0, "127.0.0.1", () => say({ event: "listening", port: server.server.address().port }));
process.stdin.on("end", () => process.exit(0)).resume();
