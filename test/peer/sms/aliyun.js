// Calls of the simulated Aliyun SMS by the vendor's clients, and the vendor's signatures of requests
// that Hongyan made. Reads one JSON task from standard input, writes one JSON answer.
'use strict';

const { OpenApiUtil } = require('@alicloud/openapi-core');
const OpenApi = require('@alicloud/openapi-client');
const Dysms = require('@alicloud/dysmsapi20170525');
const PopCore = require('@alicloud/pop-core');
const { runTask } = require('./task.js');

/** A refusal as the vendor's clients report it, or the answer's body. */
async function outcome(call) {
  try {
    return await call();
  } catch (error) {
    return { Code: error.code, Message: error.message, httpStatus: error.statusCode };
  }
}

function dysms(task) {
  const config = {
    accessKeyId: task.id, accessKeySecret: task.secret, endpoint: task.host, protocol: 'http',
    signatureAlgorithm: task.signature === 'rpc' ? 'v2' : undefined,
  };
  return new Dysms.default(config);
}

/** dysmsapi20170525: the product's client, with the new signature or the old. */
function product(task) {
  const client = dysms(task);
  const request = new Dysms[task.action + 'Request'](task.parameters);
  const method = task.action[0].toLowerCase() + task.action.slice(1);
  return outcome(async () => (await client[method](request)).toMap().body);
}

/** openapi-client: the general client of all products. */
function general(task) {
  const client = new OpenApi.default(new OpenApi.Config({
    accessKeyId: task.id, accessKeySecret: task.secret, endpoint: task.host, protocol: 'http',
    regionId: 'cn-hangzhou',
  }));
  const params = new OpenApi.Params({
    action: task.action, version: '2017-05-25', protocol: 'HTTP', method: 'POST', authType: 'AK',
    style: 'RPC', pathname: '/', reqBodyType: task.form ? 'formData' : 'json', bodyType: 'json',
  });
  const content = task.form ? { body: task.parameters } : { query: task.parameters };
  const { RuntimeOptions } = require('@alicloud/tea-util');
  return outcome(async () =>
    (await client.callApi(params, new OpenApi.OpenApiRequest(content), new RuntimeOptions({}))).body);
}

/** pop-core: the older client, always with the RPC signature. */
function pop(task) {
  const client = new PopCore({
    accessKeyId: task.id, accessKeySecret: task.secret, endpoint: 'http://' + task.host,
    apiVersion: '2017-05-25',
  });
  return outcome(() => client.request(task.action, task.parameters, { method: task.method }));
}

/** What the vendor's code says the signature of a request must be. */
function sign(task) {
  const url = new URL(task.request.url);
  const headers = Object.fromEntries(task.request.headers.map(([k, v]) => [k.toLowerCase(), v]));
  if (headers.authorization) {
    const query = Object.fromEntries(url.searchParams);
    const given = headers.authorization;
    delete headers.authorization;
    headers.host = url.host;
    const want = OpenApiUtil.getAuthorization(
      { method: task.request.method, pathname: '/', query, headers }, 'ACS3-HMAC-SHA256',
      headers['x-acs-content-sha256'], task.id, task.secret);
    return { given, want };
  }
  const form = Object.fromEntries(new URLSearchParams(task.request.body));
  const given = form.Signature;
  delete form.Signature;
  return { given, want: OpenApiUtil.getRPCSignature(form, task.request.method, task.secret) };
}

runTask({ product, general, pop, sign });
