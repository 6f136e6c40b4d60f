#!/bin/sh
# Flags, variables and the config file: what is accepted, what wins, and what is said about what is wrong.
. "${srcdir:-.}/tests/terminal/lib.sh"

run --version
prints "--version" "palaver 0."
prints "--version tells the licence" "MIT"
prints "--version tells the libraries" "libedit"
prints "--version tells the kernels" "kernels    "
run --paths
prints "--paths: config" "config  $HOME/.config/palaver"
prints "--paths: models" "models  $HOME/.local/share/palaver/models"
expect "looking makes no folder" [ ! -e "$HOME/.config" ]
XDG_CONFIG_HOME=$work/xdg run --paths
prints "XDG_CONFIG_HOME is used" "config  $work/xdg/palaver"
XDG_CONFIG_HOME=relative run --paths
prints "a relative XDG_CONFIG_HOME is ignored" "config  $HOME/.config/palaver"

run --tempeature 1
fails_with "unknown long option" 2 "did you mean --temperature?"
run list --bogus
fails_with "the help of the subcommand is named" 2 "there is no option --bogus; see palaver list --help"
run list --bad
fails_with "no hint when little more than nothing is alike" 2 "there is no option --bad; see palaver list --help"
run list --limi
fails_with "also when it needs a value" 2 "see palaver list --help"
run shwo
fails_with "a mistyped command" 2 "did you mean palaver show? As a message: palaver -- shwo"
run lit
fails_with "a letter too few" 2 "palaver list"
run -- shwo
fails_with "after -- it is a message" 1 "there is no model"
run "show me"
fails_with "two words are a message" 1 "there is no model"
run -p ''
fails_with "an empty prompt is told before a missing model" 2 "the prompt is empty"
run -Z
fails_with "unknown letter" 2 "-Z"
run --top
fails_with "a name shortened too much" 2 "--top is short for more than one option"
run --temp
fails_with "a missing value" 2 "needs a value"
run --raw=yes
fails_with "a value where none belongs" 2 "takes no value"
run --threads many
fails_with "not a number" 2 "--threads takes a whole number, not 'many'"
run --ctx -5
fails_with "a number out of range" 2 "--ctx takes 0 to"
run --threads 99999999999999999999
fails_with "a number that no integer holds" 2 "--threads takes 0 to"
run --temperature warm
fails_with "a sampling setting that is no number" 2 "--temperature"
run --temperature -1
fails_with "a sampling setting out of range" 2 "temperature"
run --top-p 1.5
fails_with "top-p above 1" 2 "--top-p is a number from 0 to 1"
run --color sometimes
fails_with "a word that is no choice" 2 "auto always never"
run help tokenise
fails_with "help of no command" 2 "did you mean tokenize?"
run --check-config -s 7
prints "a seed is printed" "seed = 7  (flag)"
PALAVER_SEED=7 run --check-config -s -1
prints "-1 is a random one, also over a variable" "seed = random  (flag)"
run tokenize --seed 3
fails_with "an option of another command" 2 "--seed"
run tokenize word
fails_with "a word too many" 2 "'word'"
run --threads 2 info
fails_with "a command that does not come first" 2 "palaver info"

run -p two words
fails_with "a prompt without quotes" 2 "'words' is not part of the prompt"
: >"$work/a.gguf"
run "$work/a.gguf" -m b
fails_with "two models" 2 "two models"
run "$work/a.gguf" --check-config
prints "a model file as a word is the model" "model = \"$work/a.gguf\"  (flag)"

run -p x --raw --system y
fails_with "--raw with --system" 2 "--system"
run -p x --raw --template llama2
fails_with "--raw with --template" 2 "--template"
run --json
fails_with "--json without -p" 2 "-p TEXT"
run -p x --logprobs 3
fails_with "--logprobs without --json" 2 "--json"
run -p x -q --stats
fails_with "--quiet with --stats" 2 "contradict"
run
fails_with "no prompt and no terminal" 2 "not a terminal"

run --check-config
prints "built-in values" "threads = 0  (built-in)"
mkdir -p "$config"
printf '# mine\n\nthreads = 3\ntemperature=0.5\n  system = "Be brief.\\nBe kind."  \ncolor = never\n' >"$config/config"
run --check-config
prints "a value of the config file" "threads = 3  (config)"
prints "a sampling setting of the config file" "temperature = 0.5  (config)"
prints "a quoted value" "system = \"Be brief.\\nBe kind.\"  (config)"
prints "a choice is told by its word" "color = never  (config)"
PALAVER_THREADS=4 run --check-config
prints "a variable wins over the config file" "threads = 4  (variable)"
PALAVER_THREADS=4 run --check-config --threads 5
prints "a flag wins over a variable" "threads = 5  (flag)"
PALAVER_TEMPERATURE=0.25 run --check-config --top-k 7
prints "a sampling setting by variable" "temperature = 0.25  (variable)"
prints "a sampling setting by flag" "top-k = 7  (flag)"
PALAVER_THREADS=x run --check-config
fails_with "a wrong variable is named" 2 "PALAVER_THREADS"
ACCESSIBLE=1 run --check-config
prints "ACCESSIBLE=1" "screen-reader = on  (variable)"
run --check-config -sys "You are a pirate."
prints "-sys as llama.cpp has it" "system = \"You are a pirate.\"  (flag)"
run --check-config -c 2048 -n 5 -s 9 --temp 0.1 --repeat-penalty 1.25 --repeat-last-n 12
for line in "ctx = 2048" "max-new-tokens = 5" "seed = 9" "temperature = 0.1" "repetition-penalty = 1.25" \
	"repetition-window = 12"; do
	prints "llama.cpp's names: $line" "$line  (flag)"
done

printf 'threads = 3\ntempereture = 1\n' >"$config/config"
run --check-config
fails_with "an unknown name in the config file" 2 "config:2: there is no setting 'tempereture'; did you mean temperature?"
printf 'threads\n' >"$config/config"
run --check-config
fails_with "a line without =" 2 "config:1:"
printf 'threads = none\n' >"$config/config"
run -p x
fails_with "a wrong value in the config file" 2 "config:1: threads takes a whole number"
printf 'prompt = x\n' >"$config/config"
run --check-config
fails_with "an option that does not last" 2 "config:1: there is no setting 'prompt'"
rm "$config/config"
mkdir "$config/config"
run --check-config
fails_with "a config file that is a folder" 1 "$config/config"
finish
