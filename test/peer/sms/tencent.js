// Calls of the simulated Tencent Cloud SMS by the vendor's client, and the vendor's signatures of
// requests that Hongyan made. Reads one JSON task from standard input, writes one JSON answer.
'use strict';

const http = require('http');
const { sms } = require('tencentcloud-sdk-nodejs-sms');
const Sign = require('tencentcloud-sdk-nodejs-common/tencentcloud/common/sign').default;
const { runTask } = require('./task.js');

/** The client takes the service's name from the host's, so the name stays and leads to loopback. */
async function call(task) {
  const loopback = (name, options, done) =>
    options && options.all ? done(null, [{ address: '127.0.0.1', family: 4 }])
                           : done(null, '127.0.0.1', 4);
  const client = new sms.v20210111.Client({
    credential: { secretId: task.id, secretKey: task.secret },
    region: 'ap-guangzhou',
    profile: {
      httpProfile: {
        endpoint: 'sms.tencentcloudapi.com:' + task.port, protocol: 'http://',
        agent: new http.Agent({ lookup: loopback }),
      },
    },
  });
  try {
    return await client[task.action](task.parameters);
  } catch (error) {
    return { Code: error.code, Message: error.message };
  }
}

/** What the vendor's code says the Authorization must be; it signs no action. */
function sign(task) {
  const headers = Object.fromEntries(task.request.headers.map(([k, v]) => [k.toLowerCase(), v]));
  const want = Sign.sign3({
    method: 'POST', url: task.request.url, payload: Buffer.from(task.request.body),
    timestamp: Number(headers['x-tc-timestamp']), service: 'sms', secretId: task.id,
    secretKey: task.secret, headers: { 'Content-Type': headers['content-type'] },
  });
  return { given: headers.authorization, want };
}

runTask({ call, sign });
