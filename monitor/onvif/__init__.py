"""ONVIF: finding cameras on the network, and asking one what it offers.

`discovery` finds devices with the messages of `probe`; `device` asks one, over a `conversation` in the words of
`soap`. Everything that comes in is hostile until `markup` and `addresses` have judged it.
"""
