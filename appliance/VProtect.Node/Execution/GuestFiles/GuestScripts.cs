namespace VProtect.Node.Execution.GuestFiles;

/// <summary>
/// What runs in the machine, by its own <c>sh</c> and <c>xargs</c>. Scripts never change; what they work on, several things at a time, are arguments that come on standard
/// input with a zero byte between them: nothing is quoted, and names may have any bytes. Each prints a line for each thing: its number, a word, and what there is to say.
/// <para>Folders of the machine belong to people who may move them about while a script runs as root. So <c>at</c> enters a folder and goes on only if no link led there;
/// what follows is done from inside.</para>
/// </summary>
internal static class GuestScripts
{
    /// <summary>Bytes of arguments at a time: some xargs take no more than 32 KiB for one command.</summary>
    public const int InputBytesMax = 24 << 10;

    /// <summary>Things at a time, so that what is printed stays below 64 KiB.</summary>
    public const int ThingsMax = 100;

    private const string At = """
        at() { cd -P -- "$1" 2>/dev/null && here=$(pwd -P; echo .) && [ "$here" = "$1
        ." ]; }
        say() { printf '%s %s %s\n' "$n" "$1" "$(printf %s "$2" | tr -c ' -~' '?' | cut -c1-300)"; }

        """;

    /// <summary>No arguments: what there is to work with.</summary>
    public const string Probe = """
        for p in xargs mkdir mv ln rm chown chmod touch stat find tr cut sha256sum; do command -v $p >/dev/null || printf '%s ' $p; done
        """;

    /// <summary>folder: makes it if it is not there, and prints where it is.</summary>
    public const string Base = """
        mkdir -p -- "$1" && cd -P -- "$1" && pwd -P
        """;

    /// <summary>number, folder, name: makes a folder that only root can enter for now. <c>made</c>, <c>there</c>, <c>taken</c>, <c>astray</c>, <c>failed</c>.</summary>
    public const string Folders = At + """
        while [ $# -ge 3 ]; do
          n=$1
          if ! at "$2"; then say astray
          elif [ -L "./$3" ]; then say taken
          elif [ -d "./$3" ]; then say there
          elif [ -e "./$3" ]; then say taken
          elif e=$(mkdir -m 700 -- "./$3" 2>&1); then say made
          else say failed "$e"; fi
          shift 3
        done
        """;

    /// <summary>
    /// number, folder, name, name of the place for temporary files: <c>free</c>, <c>taken</c> or <c>folder</c> with that place; <c>astray</c>, <c>failed</c>. The place is a folder of root's at the
    /// mount point of the same file system, or else in the folder itself, so that what was written is only renamed in the end.
    /// </summary>
    public const string Look = At + """
        last=
        while [ $# -ge 4 ]; do
          n=$1
          if ! at "$2"; then say astray
          else
            if [ "$last" != "$2" ]; then
              last=$2 stage= device=$(stat -c %d .)
              for parent in "$(stat -c %m .)" "$2"; do
                case $parent in *[!\ -~]* | '') continue ;; esac
                [ "$(stat -c %d -- "$parent")" = "$device" ] || continue
                s=${parent%/}/$4
                if [ -d "$s" ] && [ ! -L "$s" ] && [ -O "$s" ]; then stage=$s; break; fi
                mkdir -m 700 -- "$s" 2>/dev/null || continue
                stage=$s
                find "$parent" -maxdepth 1 -type d -user 0 -name '.vprotect-restore-*' -mmin +1440 -exec rm -rf -- {} + 2>/dev/null
                break
              done
              at "$2" || stage=
            fi
            if [ -z "$stage" ]; then say failed 'no place for temporary files can be made on its file system'
            elif [ -d "./$3" ] && [ ! -L "./$3" ]; then say folder "$stage"
            elif [ -e "./$3" ] || [ -L "./$3" ]; then say taken "$stage"
            else say free "$stage"; fi
          fi
          shift 4
        done
        """;

    /// <summary>
    /// number, folder, name, temporary file, sha256 or <c>-</c>, <c>replace</c> or <c>keep</c>, owner, mode, seconds: checks, and puts it where it belongs. <c>placed</c>, or with what could not be
    /// set <c>plain</c>; <c>differs</c>, <c>taken</c>, <c>astray</c>, <c>failed</c>.
    /// </summary>
    public const string Files = At + """
        while [ $# -ge 9 ]; do
          n=$1 s=$4 word=placed e= h=-
          [ "$5" = - ] || h=$(sha256sum < "$s" 2>/dev/null)
          if [ "${h%% *}" != "$5" ]; then say differs
          else
            e=$({ chown -- "$7" "$s" && chmod -- "$8" "$s" && touch -d "@$9" -- "$s"; } 2>&1) || word=plain
            if ! at "$2"; then say astray
            elif [ -d "./$3" ] && [ ! -L "./$3" ]; then say taken
            elif [ "$6" = replace ]; then
              if f=$(mv -fT -- "$s" "./$3" 2>&1); then say $word "$e"; else say failed "$f"; fi
            elif f=$(ln -T -- "$s" "./$3" 2>&1); then say $word "$e"
            elif [ -e "./$3" ] || [ -L "./$3" ]; then say taken
            elif f=$(mv -nT -- "$s" "./$3" 2>&1) && [ ! -e "$s" ]; then say $word "$e"
            else say failed "$f"; fi
          fi
          rm -f -- "$s"
          shift 9
        done
        """;

    /// <summary>number, folder, name, temporary name, where it leads, <c>replace</c> or <c>keep</c>, owner, -, seconds: a symbolic link. Words as for files.</summary>
    public const string Links = At + """
        while [ $# -ge 9 ]; do
          n=$1 f=
          if ! at "$2"; then f=astray
          elif [ -d "./$3" ] && [ ! -L "./$3" ]; then f=taken
          elif [ "$6" = replace ]; then f=$(ln -sT -- "$5" "$4" 2>&1 && mv -fT -- "$4" "./$3" 2>&1) && f= || f="not made: $f"
          elif [ -e "./$3" ] || [ -L "./$3" ]; then f=taken
          else f=$(ln -sT -- "$5" "./$3" 2>&1) && f= || f="not made: $f"; fi
          case $f in
            astray | taken) say $f ;;
            '') if e=$({ chown -h -- "$7" "./$3" && touch -h -d "@$9" -- "./$3"; } 2>&1); then say placed; else say plain "$e"; fi ;;
            *) say failed "$f" ;;
          esac
          shift 9
        done
        """;

    /// <summary>number, folder, owner, mode, seconds: what a folder that was made gets when all is in it. <c>placed</c>, <c>astray</c>, <c>plain</c>.</summary>
    public const string Settle = At + """
        while [ $# -ge 5 ]; do
          n=$1
          if ! at "$2"; then say astray
          elif e=$({ chown -- "$3" . && chmod -- "$4" . && touch -d "@$5" -- .; } 2>&1); then say placed
          else say plain "$e"; fi
          shift 5
        done
        """;

    /// <summary>folder: makes sure that what was written to its file system outlives a loss of power.</summary>
    public const string Sync = """
        sync -f -- "$1" 2>/dev/null || sync
        """;

    /// <summary>folder: removes a place for temporary files.</summary>
    public const string Remove = """
        rm -rf -- "$1"
        """;
}
