"""aiosmtpd as the receiving end: prints one JSON line where it listens, then one for each mail. Argument: JSON with
tls (off, starttls, implicit), cert, key, user, password."""

import asyncio
import base64
import json
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

options = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}


def say(**line):
    print(json.dumps(line), flush=True)


class Handler:
    async def handle_DATA(self, server, session, envelope):
        say(event="mail", sender=envelope.mail_from, recipients=envelope.rcpt_tos, options=envelope.mail_options,
            raw=base64.b64encode(envelope.original_content).decode(), tls=session.ssl is not None,
            user=session.authenticated)
        return "250 2.0.0 Ok"


def authenticator(server, session, envelope, mechanism, data):
    if not isinstance(data, LoginPassword):
        return AuthResult(success=False, handled=False)
    fits = (data.login.decode(), data.password.decode()) == (options.get("user"), options.get("password"))
    return AuthResult(success=fits)


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(options["cert"], options["key"])
    return made


class Listening(Controller):
    def factory(self):
        made = {"enable_SMTPUTF8": True}
        if options.get("tls") == "starttls":
            made.update(tls_context=context(), require_starttls=True)
        if options.get("user"):
            made.update(authenticator=authenticator, auth_required=True,
                        auth_require_tls=options.get("tls") == "starttls")
        return SMTP(self.handler, **made)


async def main():
    made = Listening(Handler(), hostname="127.0.0.1", port=0)
    tls = context() if options.get("tls") == "implicit" else None
    server = await asyncio.get_running_loop().create_server(made.factory, "127.0.0.1", 0, ssl=tls)
    say(event="listening", port=server.sockets[0].getsockname()[1])
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
