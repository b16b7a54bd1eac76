#!/bin/sh
# Installs the real servers that tests talk to (an RTSP server, a web server), from the distribution's packages.
# Needs Debian or a relative, and root; elsewhere the tests that want them are skipped, and say which package they miss.
set -eu
packages="nginx-light ffmpeg openssl glib-networking python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly"
missing=""
for package in $packages; do
    if ! dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed; then
        missing="$missing $package"
    fi
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "Tests with these servers will be skipped; install them yourself:$missing"
    exit 0
fi
echo "Installing the servers that tests talk to:$missing …"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null
apt-get install -y -qq --no-install-recommends $missing >/dev/null
