"""What the service writes about itself: structured, redacted, and not the same thing every minute."""

from monitor.logs.complaints import Complaints
from monitor.logs.redaction import HIDDEN, Redactor
from monitor.logs.setup import RedactingFilter, configure_logging, redacting_processor

__all__ = ["HIDDEN", "Complaints", "RedactingFilter", "Redactor", "configure_logging", "redacting_processor"]
