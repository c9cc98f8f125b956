#!/usr/bin/env python3
"""An SMTP server for tests: a real one (aiosmtpd) that makes trouble on request.

    smtp_server.py certificates DIR
        writes ca.pem, and a certificate with key each: good, expired, wrong-name (NAME.pem)
    smtp_server.py serve --mail DIR [--tls starttls|tls] [--certificate FILE] [--login USER:PASSWORD]
                         [--trouble WHAT]
        prints its port, keeps each letter as DIR/N.eml with its envelope in DIR/N.json, and ends
        when its standard input does
    smtp_server.py read FILE
        prints a letter as JSON, part by part, as Python's email package reads it

WHAT: busy (421 to MAIL), later (451 to every recipient), later-data (451 after the letter),
refuse:ADDRESS (550), refuse-letter (554 after the letter), cut-data (hangs up within the letter),
cut-accepted (keeps the letter and hangs up without an answer), hang-accepted (keeps it and never
answers), silent (accepts connections and never says a word), drip (a byte of greeting a second),
echo (repeats what it is sent when it refuses a login).
"""

import argparse
import asyncio
import datetime
import itertools
import json
import pathlib
import ssl
import sys

NEVER = 3600


def write_certificates(folder):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)

    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def certificate(subject, key, issuer, issuer_key, begin, end, extensions):
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    authority = ec.generate_private_key(ec.SECP256R1())
    is_authority = [x509.BasicConstraints(ca=True, path_length=None)]
    root = certificate("test", authority, "test", authority, now - day, now + 9 * day, is_authority)
    (folder / "ca.pem").write_bytes(root)
    for file, host, begin, end in [
        ("good", "localhost", now - day, now + 9 * day),
        ("expired", "localhost", now - 9 * day, now - day),
        ("wrong-name", "mail.example.org", now - day, now + 9 * day),
    ]:
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.SubjectAlternativeName([x509.DNSName(host)])]
        pem = certificate(host, key, "test", authority, begin, end, names)
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        (folder / f"{file}.pem").write_bytes(pem + secret)


def server_class():
    from aiosmtpd.smtp import SMTP

    class Troublesome(SMTP):
        """Does what no handler can: hangs up, and leaves commands without an answer."""

        trouble = None

        async def smtp_MAIL(self, arg):
            if self.trouble == "busy":
                await self.push("421 4.3.2 come back later")
                return
            await super().smtp_MAIL(arg)

        async def smtp_DATA(self, arg):
            if self.trouble == "cut-data":
                await self.push("354 go on")
                await self._reader.read(100)
                self.transport.abort()
                return
            await super().smtp_DATA(arg)

        async def smtp_AUTH(self, arg):
            if self.trouble == "echo":
                await self.push(f"535 5.7.8 I do not like AUTH {arg}")
                return
            await super().smtp_AUTH(arg)

    return Troublesome


class Keeper:
    """Keeps letters as they came, with their envelopes."""

    def __init__(self, folder, trouble):
        self.folder = folder
        self.trouble = trouble or ""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.trouble == "later":
            return "451 4.7.1 greylisted"
        if self.trouble == f"refuse:{address}":
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.trouble == "later-data":
            return "451 4.3.0 try again"
        if self.trouble == "refuse-letter":
            return "554 5.6.0 not here"
        number = len(list(self.folder.glob("*.eml"))) + 1
        about = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "login": session.authenticated,
        }
        (self.folder / f"{number}.json").write_text(json.dumps(about))
        part = self.folder / f"{number}.part"
        part.write_bytes(envelope.original_content)
        part.rename(self.folder / f"{number}.eml")
        if self.trouble == "cut-accepted":
            server.transport.abort()
        if self.trouble == "hang-accepted":
            await asyncio.sleep(NEVER)
        return "250 OK"


async def speechless(writer, drip):
    for letter in itertools.cycle("220-wait ") if drip else ():
        writer.write(letter.encode())
        await asyncio.sleep(0.3)
    await asyncio.sleep(NEVER)


async def serve(options):
    trouble = options.trouble
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)

    def session():
        def authenticate(server, session, envelope, mechanism, data):
            from aiosmtpd.smtp import AuthResult

            given = f"{data.login.decode()}:{data.password.decode()}"
            return AuthResult(success=given == options.login, handled=False)

        wants_login = options.login is not None
        made = server_class()(
            Keeper(pathlib.Path(options.mail), trouble),
            hostname="localhost",
            enable_SMTPUTF8=True,
            tls_context=context if options.tls == "starttls" else None,
            require_starttls=options.tls == "starttls",
            authenticator=authenticate if wants_login else None,
            auth_required=wants_login,
            auth_require_tls=options.tls == "starttls",
        )
        made.trouble = trouble
        return made

    loop = asyncio.get_running_loop()
    at_once = context if options.tls == "tls" else None
    if trouble in ("silent", "drip"):
        # A callback that is no coroutine: its task dies quietly with the loop.
        tasks = []

        def talk(_, writer):
            tasks.append(asyncio.ensure_future(speechless(writer, trouble == "drip")))

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
    else:
        server = await loop.create_server(session, "127.0.0.1", 0, ssl=at_once)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def read_letter(path):
    from email import message_from_bytes, policy

    # Letters are kept as they came over the wire, where lines end with CR LF.
    letter = message_from_bytes(path.read_bytes(), policy=policy.default)
    parts = []
    for part in letter.walk():
        content = None if part.is_multipart() else part.get_content()
        parts.append(
            {
                "type": part.get_content_type(),
                "name": part.get_filename(),
                "cid": part["Content-ID"],
                "inline": part.get_content_disposition() == "inline",
                "text": content if isinstance(content, str) else None,
                "bytes": len(part.get_payload(decode=True) or b""),
                "defects": [repr(defect) for defect in part.defects],
            }
        )
    print(json.dumps({"headers": [list(header) for header in letter.items()], "parts": parts}))


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    certificates = commands.add_parser("certificates")
    certificates.add_argument("folder", type=pathlib.Path)
    serving = commands.add_parser("serve")
    serving.add_argument("--mail", required=True)
    serving.add_argument("--tls", choices=["starttls", "tls"])
    serving.add_argument("--certificate")
    serving.add_argument("--login")
    serving.add_argument("--trouble")
    reading = commands.add_parser("read")
    reading.add_argument("file", type=pathlib.Path)
    options = parser.parse_args()
    if options.command == "certificates":
        write_certificates(options.folder)
    elif options.command == "read":
        read_letter(options.file)
    else:
        try:
            asyncio.run(serve(options))
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
