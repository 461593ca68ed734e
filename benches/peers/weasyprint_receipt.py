#!/usr/bin/env python3
"""The page of `cargo bench --bench pure` (receipt: PDF page), drawn by WeasyPrint.

Set-up:  python3 -m venv var/peer && var/peer/bin/pip install weasyprint segno
Run:     var/peer/bin/python benches/peers/weasyprint_receipt.py [pages]

Same receipt, paper, fonts, QR code and attachment; PDF/A-3b, because WeasyPrint writes no PDF/A-3a
with PDF/UA-1 at once. Everything that can be shared between pages (fonts, styles) is. Tells the
processor time of one page, and writes the last one to var/weasyprint.pdf for looking at.
"""

import datetime
import html
import pathlib
import sys
import time
import xml.etree.ElementTree as ElementTree

import segno
from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECEIPT = ROOT / "fixtures/receipt/test-only-receipt.xml"
FONTS = ROOT / "src/pdf/fonts"
STYLE = """
@font-face { font-family: S; src: url(file://%(f)s/LiberationSerif-Regular.ttf) }
@font-face { font-family: S; font-weight: bold; src: url(file://%(f)s/LiberationSerif-Bold.ttf) }
@font-face { font-family: S; font-style: italic; src: url(file://%(f)s/LiberationSerif-Italic.ttf) }
@page { size: 210mm 148mm; margin: 8mm 12mm 11mm;
        @bottom-center { font: italic 8pt S; content: string(foot) " Trang " counter(page) "/" counter(pages) } }
body { font: 10pt/1.19 S; margin: 0 } p { margin: 0 }
.foot { string-set: foot content(); height: 0; overflow: hidden }
.row { display: flex } .side { width: 54mm } .middle { flex: 1; text-align: center } .right { width: 42mm }
h1 { font-size: 15pt; text-align: center; margin: 6pt 0 0 } .centre { text-align: center }
small { font-size: 8pt; font-style: italic; display: block }
table { width: 100%%; border-collapse: collapse; margin: 5pt 0 } td, th { border: .5pt solid; padding: 1.8pt 3pt }
.n { text-align: right } .sign { width: 66mm; text-align: center } .box { border: .5pt solid; padding: 4pt; text-align: left }
""" % {"f": FONTS}


def read(document):
    root = ElementTree.fromstring(document)
    found = lambda path, node=root: html.escape((node.findtext(path) or "").strip())
    general, content = "DLBLai/TTChung/", "DLBLai/NDBLai/"
    lines = root.findall(content + "DSKThu/KThu")
    money = lambda text: f"{int(float(text)):,}".replace(",", ".")
    rows = "".join(
        f"<tr><td>{found('STT', line)}</td><td>{found('TKThu', line)}<small>chương {found('Chuong', line)}, tiểu mục "
        f"{found('TMuc', line)}</small></td><td>{found('DVTinh', line)}</td><td class=n>{found('SLuong', line)}</td>"
        f"<td class=n>{money(found('DGia', line))}</td><td class=n>{money(found('ThTien', line))}</td></tr>"
        for line in lines
    )
    return found, general, content, rows, money


def page(document):
    found, general, content, rows, money = read(document)
    code = found(general + "MTCuu")
    qr = segno.make(f"https://bienlai.example/r/{code}", error="m").svg_inline(scale=2)
    return f"""<html lang=vi><title>Biên lai thu phí, lệ phí</title><body>
<p class=foot>Bản gốc của biên lai là tệp XML có chữ ký số, đính kèm trong tệp PDF này. Mã tra cứu: {code}.</p>
<div class=row><div class=side><b>{found(content + 'TCThu/Ten')}</b><br>Mã số thuế: {found(content + 'TCThu/MST')}</div>
<div class=middle><b>CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM<br>Độc lập - Tự do - Hạnh phúc</b></div>
<div class=right>Mẫu số: <b>{found(general + 'KHMSBLai')}</b><br>Ký hiệu: <b>{found(general + 'KHBLai')}</b><br>
Số: <b>{found(general + 'SBLai').zfill(7)}</b></div></div>
<h1>BIÊN LAI THU PHÍ, LỆ PHÍ</h1><p class=centre><i>(Bản thể hiện của biên lai điện tử)</i><br>{found(general + 'NLap')}</p>
<p>Địa chỉ đơn vị thu: {found(content + 'TCThu/DChi')}</p><p>Họ tên (đơn vị) nộp tiền: <b>{found(content + 'NNop/Ten')}</b></p>
<p>Số định danh/CCCD: {found(content + 'NNop/CCCDan')}</p><p>Địa chỉ: {found(content + 'NNop/DChi')}</p>
<p>Mã hồ sơ: {found(general + 'MHSo')} Hình thức thanh toán: {found(general + 'HTTToan')}</p>
<table><thead><tr><th>STT<th>Tên khoản phí, lệ phí<th>Đơn vị tính<th>Số lượng<th>Mức thu<th>Thành tiền</tr></thead>
<tbody>{rows}<tr><td colspan=5 class=n><b>Tổng số tiền</b></td><td class=n><b>{money(found(content + 'TToan/TgTTTBSo'))}</b></td></tr>
</tbody></table><p>Số tiền viết bằng chữ: <b>{found(content + 'TToan/TgTTTBChu')}.</b></p>
<div class=row><div>{qr}</div><div class=middle>Mã tra cứu: <b>{code}</b><br>https://bienlai.example/r/{code}</div>
<div class=sign><b>NGƯỜI THU TIỀN</b><div class=box>Ký bởi: <b>{found(content + 'TCThu/Ten')}</b><br>Ký lúc: 01/09/2026 09:30:15</div>
Thu tự động qua VietQR</div></div></body></html>"""


def main():
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    document = RECEIPT.read_bytes()
    fonts = FontConfiguration()
    style = CSS(string=STYLE, font_config=fonts)
    at = datetime.datetime(2026, 9, 1, 9, 30, 15)

    def draw():
        attachment = Attachment(string=document, name="receipt.xml", relationship="Source", created=at, modified=at)
        return HTML(string=page(document)).write_pdf(
            stylesheets=[style], font_config=fonts, pdf_variant="pdf/a-3b", attachments=[attachment]
        )

    drawn = draw()
    began = time.process_time()
    for _ in range(pages):
        drawn = draw()
    spent = (time.process_time() - began) / pages
    output = ROOT / "var/weasyprint.pdf"
    output.parent.mkdir(exist_ok=True)
    output.write_bytes(drawn)
    print(f"WeasyPrint: {spent * 1000:.1f} ms of processor per page, {1 / spent:.1f} pages per second, {len(drawn)} bytes")
    print(f"per second {1 / spent:.2f}")


main()
