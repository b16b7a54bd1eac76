#!/bin/sh
# A camera of kind exec: grab.sh STATES PICTURES NAME
state=$(cat "$1/$3" 2>/dev/null)
case "$state" in
    hang) exec sleep 600 ;;
    crash) kill -SEGV $$ ;;
    fail) echo "no camera; $CAMERA_PASSWORD" >&2; exit 3 ;;
    garbage) head -c 20000 /dev/urandom ;;
    flood) exec head -c 60000000 /dev/zero ;;
    *)
        set -- "$2"/*.jpg
        shift $(($(date +%s) % $#))
        exec cat "$1" ;;
esac
