"""Version 1.3 of xmlsec, which knows the RSA-OAEP of XML Encryption 1.1; standard input to standard output.

    xmlsec_13.py decrypt KEY_FILE
    xmlsec_13.py encrypt CERTIFICATE_FILE TEMPLATE_FILE LOCAL_NAME
"""

import sys

import xmlsec
from lxml import etree

command, key_file, *rest = sys.argv[1:]
kind = xmlsec.constants.KeyDataFormatPem if command == "decrypt" else xmlsec.constants.KeyDataFormatCertPem
manager = xmlsec.KeysManager()
manager.add_key(xmlsec.Key.from_file(key_file, kind))
context = xmlsec.EncryptionContext(manager)
document = etree.fromstring(sys.stdin.buffer.read())
if command == "decrypt":
    context.decrypt(document.find(".//{*}EncryptedData"))
else:
    template = etree.parse(rest[0]).getroot()
    method = template.find("{*}EncryptionMethod").get("Algorithm")
    size = 128 if "aes128" in method else 256
    context.key = xmlsec.Key.generate(xmlsec.constants.KeyDataAes, size, xmlsec.constants.KeyDataTypeSession)
    context.encrypt_xml(template, document.find(f".//{{*}}{rest[1]}"))
sys.stdout.buffer.write(etree.tostring(document))
