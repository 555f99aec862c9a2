# Completion of duckling's command line, for bash. What there is to choose from the program says itself: nothing is listed here twice.

# The choices of an option ("auto|gpu|cpu"), or the name of its value ("FILE"); empty for one that takes none.
_duckling_value()
{
    local line option=$2
    while read -r line; do
        line=${line#-?, }
        case "$line " in
        "$option "[A-Z]* | "$option "*"|"* | "$option "[a-z]*)
            line=${line#"$option "}
            printf '%s\n' "${line%% *}"
            return
            ;;
        esac
    done < <("$1" "$command" --help-all 2>/dev/null | sed -n 's/^  \(-., \|    \)\(--[a-z-]*\) \([^ ].*\)$/\2 \3/p')
}

_duckling()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} program=$1 command=${COMP_WORDS[1]} value
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$program" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p') --help --version" -- "$current")
        return
    fi
    if [[ $previous == -* ]]; then
        value=$(_duckling_value "$program" "$previous")
        case $value in
        '') ;;
        *\|*)
            mapfile -t COMPREPLY < <(compgen -W "${value//|/ }" -- "$current")
            return
            ;;
        esac
    fi
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$program" "$command" --help-all 2>/dev/null |
            sed -n 's/^  \(-., \|    \)\(--[a-z-]*\).*/\2/p')" -- "$current")
    fi
}
complete -o default -F _duckling duckling
