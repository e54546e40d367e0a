/** Completion scripts for shells; each asks `tspod __complete` for possible next words. */

const BASH = `# bash completion for tspod: source <(tspod completion bash)
_tspod() {
    local line=\${COMP_LINE:0:COMP_POINT} words=() reply=() word directive=:none
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=('')
    local current=\${words[-1]} prefix=''
    # bash replaces what follows the last = or : only
    if [[ $current == *[=:]* ]]; then
        prefix=\${current%"\${current##*[=:]}"}
    fi
    while IFS=$'\\t' read -r word _; do
        if [[ $word == :* ]]; then directive=$word; else reply+=("\${word#"$prefix"}"); fi
    done < <("\${words[0]}" __complete "\${words[@]:1}" 2>/dev/null)
    COMPREPLY=("\${reply[@]}")
    case $directive in
    :files) compopt -o default ;;
    :directories) compopt -o default -o dirnames ;;
    esac
    # more is to follow host:, container: and the like
    if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[=:] && \${COMPREPLY[0]} != host: ]]; then compopt -o nospace; fi
}
complete -F _tspod tspod
`;

const ZSH = `#compdef tspod
# zsh completion for tspod: source <(tspod completion zsh)
_tspod() {
    local -a lines candidates
    local line directive=:none
    lines=("\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
    for line in "\${lines[@]}"; do
        if [[ $line == :* ]]; then
            directive=$line
        elif [[ -n $line ]]; then
            candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
        fi
    done
    case $directive in
    :files) _files ;;
    :directories) _files -/ ;;
    *) _describe 'tspod' candidates ;;
    esac
}
compdef _tspod tspod
`;

const FISH = `# fish completion for tspod: tspod completion fish | source
function __tspod_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path (commandline -ct)
            case ':directories'
                __fish_complete_directories (commandline -ct)
            case ':*'
            case '*'
                echo $line
        end
    end
end
complete -c tspod -f -a '(__tspod_complete)'
`;

export const COMPLETION_SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
