"""A mail server that we did not write (aiosmtpd) on a free port of loopback, which it prints.

Everything it takes goes into a Maildir, with the envelope's addresses as headers. It ends when its standard
input does, so it never outlives who started it.

    /usr/bin/python3 mail_server.py MAILDIR
"""

import asyncio
import sys

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP


async def serve(maildir):
    loop = asyncio.get_running_loop()
    handler = Mailbox(maildir)
    server = await loop.create_server(lambda: SMTP(handler, hostname="mail.example"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()


asyncio.run(serve(sys.argv[1]))
