# Types each line of its arguments, after the first, into an interactive zsh, presses Tab and prints
# what the line is then. The first argument is a folder with completion functions.
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; fpath=(${(q)1} \$fpath); autoload -Uz compinit; compinit -u -D"
zpty -w z "show() { print -r -- \"<<\$BUFFER>>\" }; zle -N show"
zpty -w z "bindkey '^I' complete-word; bindkey '^T' show; bindkey '^U' kill-whole-line"
zpty -w z "print ready\$((1 + 1))"
zpty -r z line '*ready2*'
shift
for text; do
  zpty -n -w z "$text"$'\t\x14'
  zpty -r z line '*<<*>>*'
  print -r -- "${${line##*<<}%%>>*}"
  # Not earlier: until the shell reads by itself, the terminal would erase the line at this.
  zpty -n -w z $'\x15'
done
