"""From packets to a frame, for sources that are streams.

`rtp` reads packets, `nal` and its codecs `h264` and `h265` put them together to access units, `entry` waits for one at
which decoding can begin, `keyframe` decodes it, and `finish` makes a frame of what came out.
"""
