"""Other people's clients from PyPI, run by test_chat.py: reads {"call": NAME, ...} from standard input, prints the result
as JSON."""

import datetime
import json
import sys


def lead_to(client, base):
    """The library knows the vendor's address by heart where it fetches tokens."""
    original = client._http.request

    def request(method, url, **options):
        for vendor in ("https://api.weixin.qq.com/cgi-bin/", "https://qyapi.weixin.qq.com/cgi-bin/"):
            url = url.replace(vendor, base)
        return original(method, url, **options)

    client._http.request = request
    return client


def wechat_official(base, appid, secret, messages):
    from wechatpy import WeChatClient
    from wechatpy.exceptions import WeChatClientException
    client = lead_to(WeChatClient(appid, secret), base)
    answers = []
    for one in messages:
        try:
            answers.append(client.message.send_template(one["openid"], one["template_id"], one["data"], url=one.get("url")))
        except WeChatClientException as error:
            answers.append({"errcode": error.errcode, "errmsg": error.errmsg})
    return answers


def wecom(base, corpid, secret, agentid, texts):
    from wechatpy.enterprise import WeChatClient
    from wechatpy.exceptions import WeChatClientException
    client = lead_to(WeChatClient(corpid, secret), base)
    answers = []
    for one in texts:
        try:
            answers.append(client.message.send_text(agentid, one["users"], one["text"]))
        except WeChatClientException as error:
            answers.append({"errcode": error.errcode, "errmsg": error.errmsg})
    return answers


def wechat_read_event(token, key, appid, body, query):
    """An event as wechatpy understands it after its own checks."""
    from wechatpy import parse_message
    from wechatpy.crypto import WeChatCrypto
    from wechatpy.utils import check_signature
    check_signature(token, query["signature"], query["timestamp"], query["nonce"])
    crypto = WeChatCrypto(token, key, appid)
    clear = crypto.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
    event = parse_message(clear)
    return {"event": event.event, "id": str(event.id), "status": event.status, "source": event.source}


def dingtalk(url, secret, text):
    from dingtalkchatbot.chatbot import DingtalkChatbot
    robot = DingtalkChatbot(url, secret=secret)
    return [robot.send_text(msg=text), robot.send_markdown(title="T", text="# " + text)]


def webhook_sign(secret, identity, timestamp, body):
    from standardwebhooks.webhooks import Webhook
    return Webhook(secret).sign(identity, datetime.datetime.fromtimestamp(timestamp, datetime.timezone.utc), body)


def webhook_verify(secret, headers, body):
    from standardwebhooks.webhooks import Webhook, WebhookVerificationError
    try:
        return {"good": Webhook(secret).verify(body, headers)}
    except WebhookVerificationError as error:
        return {"bad": str(error)}


if __name__ == "__main__":
    task = json.load(sys.stdin)
    print(json.dumps(globals()[task.pop("call")](**task)))
