"""Verifies one signed document again and again with python-xmlsec (libxmlsec1 in this process).

Set-up: pip install xmlsec lxml
Run:    python3 benches/peers/verify_xmlsec.py FILE [SECONDS]
Prints documents per CPU-second of one thread, parsing included.
"""

import sys
import time

import xmlsec
from lxml import etree

DSIG = "http://www.w3.org/2000/09/xmldsig#"


def certificate_key(root):
    text = root.find(f".//{{{DSIG}}}X509Certificate").text
    pem = f"-----BEGIN CERTIFICATE-----\n{''.join(text.split())}\n-----END CERTIFICATE-----\n"
    return xmlsec.Key.from_memory(pem, xmlsec.KeyFormat.CERT_PEM, None)


def verify(data):
    root = etree.fromstring(data)
    for name in ("DLBLai", "DLHDon", "MCCQT", f"{{{DSIG}}}Object"):
        for node in root.iter(name):
            if "Id" in node.attrib:
                xmlsec.tree.add_ids(node, ["Id"])
    context = xmlsec.SignatureContext()
    context.key = certificate_key(root)
    context.verify(root.find(f".//{{{DSIG}}}Signature"))


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    span = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
    verify(data)
    started, count = time.process_time(), 0
    while time.process_time() - started < span:
        verify(data)
        count += 1
    rate = count / (time.process_time() - started)
    print(f"python-xmlsec verify: {rate:,.0f} per CPU-second")
    print(f"per second {rate:.2f}")


main()
