"""When something happens by the wall clock of a place: maintenance windows, scheduled reports."""
