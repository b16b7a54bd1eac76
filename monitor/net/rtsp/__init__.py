"""An RTSP client for one video track, bounded in time whatever the peer does.

`address` takes a URL apart, `wire` cuts what comes into messages and packets, `login` answers challenges, `sdp` finds
the video, `session` does the handshake and gives RTP packets, `datagrams` is where they come by UDP.

Ours rather than FFmpeg's, which follows redirects to any host, sends datagrams wherever a peer asks it to, resolves
names without a limit of time, and cannot be told to look at an address before it connects.
"""
