// Calls of the simulated Twilio by the vendor's client, and its signatures of callbacks. Reads one
// JSON task from standard input, writes one JSON answer.
'use strict';

const twilio = require('twilio');
const { runTask } = require('./task.js');

const expected = require('twilio/lib/webhooks/webhooks').getExpectedTwilioSignature;

/** The vendor's own HTTP client, sent to another origin. */
class Redirected extends twilio.RequestClient {
  constructor(origin) {
    super();
    this.origin = origin;
  }
  request(options) {
    return super.request({ ...options, uri: options.uri.replace('https://api.twilio.com', this.origin) });
  }
}

async function call(task) {
  const client = twilio(task.user, task.password, {
    accountSid: task.account, httpClient: new Redirected(task.origin), autoRetry: false,
  });
  try {
    if (task.action === 'create') return { message: (await client.messages.create(task.parameters)).toJSON() };
    if (task.action === 'fetch') return { message: (await client.messages(task.sid).fetch()).toJSON() };
    const list = await client.messages.list(task.parameters);
    return { messages: list.map((message) => message.toJSON()) };
  } catch (error) {
    return { code: error.code, status: error.status, message: error.message };
  }
}

/** Whether the vendor's library believes each callback. */
function validate(task) {
  return task.callbacks.map((c) => twilio.validateRequest(task.token, c.signature, c.url, c.params));
}

/** Signatures of callbacks. */
function sign(task) {
  return task.callbacks.map((c) => expected(task.token, c.url, c.params));
}

runTask({ call, validate, sign });
