# What luoshi needs from the system, beside Python; sourced by start.sh and test.sh.
need=()
has_library() { { ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | grep -q "$1"; }

# PDF in official layout: Pango sets the lines, Noto has the characters.
need_for_papers() {
    has_library libpango-1.0 || need+=(libpango-1.0-0)
    has_library libpangoft2-1.0 || need+=(libpangoft2-1.0-0)
    command -v fc-list >/dev/null 2>&1 || need+=(fontconfig)
    fc-list 2>/dev/null | grep -q "Noto Sans CJK" || need+=(fonts-noto-cjk)
}

# Installs what is missing, as root or with sudo; fails where neither or apt-get is there.
install_needed() {
    [ ${#need[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null 2>&1 || return 1
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || return 1
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -qq && DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq "${need[@]}" >/dev/null
}
