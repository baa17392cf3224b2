"""Lambda entry points: read the event's contract, call ``vigil``, answer. What the functions log is ``vigil``'s."""

import logging

logging.getLogger("vigil").setLevel(logging.INFO)  # the runtime's root logger stands at WARNING
