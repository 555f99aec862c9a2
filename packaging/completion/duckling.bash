# Completion of duckling's command line, for bash. What there is to choose from the program says itself: nothing is listed here twice.
# shellcheck shell=bash

# "--name" or "--name VALUE" of each option of a command, a line each.
_duckling_options()
{
    "$1" "$2" --help-all 2>/dev/null | sed -n 's/^  \(-., \|    \)\(--[a-z-]*\( [^ ]*\)\{0,1\}\).*/\2/p'
}

_duckling()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words=
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        words="$("$1" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p') --help --version"
    elif [[ $previous == --* ]]; then
        # "auto|gpu|cpu" are choices; "FILE" and "FILE|COLOR" are names of values.
        words=$(_duckling_options "$1" "${COMP_WORDS[1]}" | sed -n "s/^$previous \([a-z0-9|]*|[a-z0-9|]*\)\$/\1/p")
        words=${words//|/ }
    fi
    if [ -z "$words" ] && [[ $current == -* ]]; then
        words=$(_duckling_options "$1" "${COMP_WORDS[1]}" | sed 's/ .*//')
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _duckling duckling
