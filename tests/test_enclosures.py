from __future__ import annotations

import pytest

from widget.enclosures import file_name


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Versicherungsbedingungen", "Versicherungsbedingungen.pdf"),
        ("Insurance product information document", "Insurance-product-information-document.pdf"),
        ("Übersicht: Größe & Preis", "Ubersicht-Groe-Preis.pdf"),
        ("TRV-AAAAA-BBBBB", "TRV-AAAAA-BBBBB.pdf"),
        ('../../etc/"x"\r\nBcc: y', "..-..-etc-x-Bcc-y.pdf"),
        ("保険", "document.pdf"),
    ],
)
def test_a_file_has_a_name_that_every_system_takes(title: str, expected: str) -> None:
    assert file_name(title, "pdf") == expected
