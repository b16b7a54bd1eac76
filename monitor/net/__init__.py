"""Bounded outgoing HTTP, shared by camera sources and webhook notifiers, and RTSP (`rtsp`).

`message` holds what is asked and answered, `address` which machines may be asked, `client` does it on an
`exchange`. `dialling` opens a judged connection within a `deadline` and with `tls`. `errors` names what can go
wrong, and `redaction` keeps secrets out of what is said about it.
"""
