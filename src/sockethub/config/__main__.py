"""``python -m sockethub.config``, in a checkout: write anew what is generated from the models."""

from sockethub.config import reference, schema
from sockethub.config.resources import CHECKOUT, SCHEMAS

(SCHEMAS / "config.json").write_text(schema.text(), encoding="utf-8")
(CHECKOUT / "docs/reference/configuration.md").write_text(reference.page(), encoding="utf-8")
