// Other people's clients and receivers, run by test_chat.py: reads {"call": NAME, ...} from standard input, prints the
// result as JSON.
const http = require('http');

// The clients' own log lines must not mix with the result.
for (const level of ['log', 'info', 'debug', 'warn']) console[level] = (...words) => console.error(...words);

function larkClient(lark, { app_id, app_secret, domain }) {
  return new lark.Client({ appId: app_id, appSecret: app_secret, domain, loggerLevel: lark.LoggerLevel.error,
    cache: undefined });
}

const calls = {
  // Several messages by the official client of Feishu; what each was answered.
  async feishu_send({ account, messages }) {
    const lark = require('@larksuiteoapi/node-sdk');
    const client = larkClient(lark, account);
    const answers = [];
    for (const { receive_id_type, ...data } of messages) {
      try {
        answers.push(await client.im.message.create({ params: { receive_id_type }, data }));
      } catch (error) {
        answers.push({ http: error.response && error.response.status, ...(error.response && error.response.data) });
      }
    }
    return answers;
  },

  // Listens with the official event dispatcher, tells the simulator, sends a message, and gives the events that passed
  // the dispatcher's own checks.
  async feishu_events({ account, keys, settings_url, message, wanted }) {
    const lark = require('@larksuiteoapi/node-sdk');
    const events = [];
    let enough;
    const all = new Promise((resolve) => { enough = resolve; });
    const dispatcher = new lark.EventDispatcher({ ...keys, loggerLevel: lark.LoggerLevel.error }).register({
      'im.message.message_read_v1': async (data) => {
        events.push(data);
        if (events.length >= wanted) enough();
        return 'ok';
      },
    });
    const statuses = [];
    const handle = lark.adaptDefault('/cb', dispatcher, { autoChallenge: true });
    const server = http.createServer((request, response) => {
      response.on('finish', () => statuses.push(response.statusCode));
      handle(request, response);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const callback_url = `http://127.0.0.1:${server.address().port}/cb`;
    const told = await fetch(settings_url, { method: 'PUT', body: JSON.stringify({ feishu: { callback_url } }) });
    if (!told.ok) throw new Error(await told.text());
    const sent = await larkClient(lark, account).im.message.create(message);
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 8000))]);
    server.close();
    server.closeAllConnections();
    return { events, statuses, sent };
  },

  async wechat_template({ appid, secret, prefix, messages }) {
    const API = require('co-wechat-api');
    const api = new API(appid, secret);
    api.prefix = prefix;
    const answers = [];
    for (const one of messages) {
      try {
        const answer = await api.sendTemplate(one.openid, one.template_id, one.url, '#000000', one.data);
        answers.push({ ...answer, msgid: String(answer.msgid) });
      } catch (error) {
        answers.push({ errcode: error.code, errmsg: error.message });
      }
    }
    return answers;
  },

  // Encrypts and decrypts with two independent libraries.
  async wechat_seal({ library, token, encoding_aes_key, id, text, timestamp, nonce }) {
    if (library === 'wecom') {
      const { encrypt, getSignature } = require('@wecom/crypto');
      const sealed = encrypt(encoding_aes_key, text, id);
      return { sealed, msg_signature: getSignature(token, timestamp, nonce, sealed) };
    }
    const Crypt = require('wechat-crypto');
    const crypt = new Crypt(token, encoding_aes_key, id);
    const sealed = crypt.encrypt(text);
    return { sealed, msg_signature: crypt.getSignature(timestamp, nonce, sealed) };
  },

  async wechat_open({ token, encoding_aes_key, id, sealed, timestamp, nonce }) {
    const Crypt = require('wechat-crypto');
    const crypt = new Crypt(token, encoding_aes_key, id);
    const wecom = require('@wecom/crypto');
    return { first: crypt.decrypt(sealed), second: wecom.decrypt(encoding_aes_key, sealed),
      signature: crypt.getSignature(timestamp, nonce, sealed) };
  },

  async slack({ url, messages }) {
    const { IncomingWebhook } = require('@slack/webhook');
    const webhook = new IncomingWebhook(url);
    const answers = [];
    for (const message of messages) {
      try {
        answers.push(await webhook.send(message));
      } catch (error) {
        const response = error.original && error.original.response;
        answers.push({ status: response && response.status, text: response && response.data });
      }
    }
    return answers;
  },

  async dingtalk({ base_url, access_token, secret, messages }) {
    const ChatBot = require('dingtalk-robot-sender');
    const robot = new ChatBot({ baseUrl: base_url, accessToken: access_token, secret });
    const answers = [];
    for (const message of messages) answers.push((await robot.send(message)).data);
    return answers;
  },

  async webhook_sign({ secret, id, timestamp, body }) {
    const { Webhook } = require('standardwebhooks');
    return new Webhook(secret).sign(id, new Date(timestamp * 1000), body);
  },

  // The verdict on a request as it came.
  async webhook_verify({ secret, headers, body }) {
    const { Webhook } = require('standardwebhooks');
    try {
      return { good: new Webhook(secret).verify(body, headers) };
    } catch (error) {
      return { bad: error.message };
    }
  },
};

let input = '';
process.stdin.on('data', (chunk) => { input += chunk; });
process.stdin.on('end', async () => {
  try {
    const task = JSON.parse(input);
    process.stdout.write(JSON.stringify(await calls[task.call](task)));
    process.exit(0);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
});
