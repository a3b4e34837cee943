/* completion.c -- one script for each shell. Each asks the same in its own words: which command stands there,
 * is the word behind a flag that takes a value, is it a flag, or is it a word of the command? */

#include "completion.h"
#include "../services/settings.h"
#include "commands.h"
#include "lines.h"
#include <string.h>

#define ADAPTERS "${PLATEIA_SCRIPTS:-scripts}/adapters"

/* Text in single quotes. */
static void add_quoted(struct buf *ret, const char *text, size_t len) {
    buf_add_char(ret, '\'');
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\'')
            buf_add_str(ret, "'\\''");
        else
            buf_add_char(ret, text[i]);
    buf_add_char(ret, '\'');
}

/* What of the table of settings the shells are told apart. */
struct flags {
    size_t number;
    struct setting_about about;
};

static bool flags_next(struct flags *flags) {
    return settings_about(flags->number++, &flags->about);
}

/* ---- bash ---- */

static void bash_values(struct buf *ret) {
    buf_add_str(ret, "    case $flag in\n    --config) _plateia_files -f; return ;;\n");
    for (struct flags flags = {0}; flags_next(&flags);) {
        const struct setting_about *about = &flags.about;
        if (about->is_folder)
            buf_addf(ret, "    --%s) _plateia_files -d; return ;;\n", about->flag);
        else if (about->words)
            buf_addf(ret, "    --%s) COMPREPLY=($(compgen -W '%s' -- \"$word\"))%s ;;\n", about->flag,
                     about->words, about->is_switch ? "; [[ ${COMPREPLY[0]} ]] && return" : "; return");
        else
            buf_addf(ret, "    --%s) return ;;\n", about->flag);
    }
    buf_add_str(ret, "    esac\n");
}

static void bash_flags(struct buf *ret) {
    buf_add_str(ret, "    local own=--help all='--config");
    for (struct flags flags = {0}; flags_next(&flags);)
        buf_addf(ret, " --%s", flags.about.flag);
    buf_add_str(ret, "'\n    case $command in\n");
    for (size_t i = 0; i < command_count; i++) {
        struct lines own = lines_of(commands[i].options);
        buf_addf(ret, "    %s) own+='", commands[i].name);
        while (lines_next(&own))
            buf_addf(ret, " %.*s", lines_name(&own), own.head);
        buf_addf(ret, "'%s ;;\n", commands[i].bare ? " all=" : "");
    }
    buf_add_str(ret, "    esac\n");
}

static void bash_offer(struct buf *ret, const char *offer) {
    if (strcmp(offer, "<file>") == 0)
        buf_add_str(ret, "_plateia_files -f");
    else if (strcmp(offer, "<folder>") == 0)
        buf_add_str(ret, "_plateia_files -d");
    else if (strcmp(offer, "<command>") == 0)
        buf_add_str(ret, "COMPREPLY=($(compgen -W \"$commands\" -- \"$word\"))");
    else if (strcmp(offer, "<adapter>") == 0)
        buf_add_str(ret, "COMPREPLY=($(compgen -W \"$(_plateia_adapters)\" -- \"$word\"))");
    else
        buf_addf(ret, "COMPREPLY=($(compgen -W '%s' -- \"$word\"))", offer);
}

/* "list|retry" as the shell's own list of words. */
static void offer_words(char ret[LINES_WORD]) {
    for (char *bar = ret; (bar = strchr(bar, '|'));)
        *bar = ' ';
}

/* What completes each command's words, place by place: a `case` of bash's and zsh's. */
static void case_words(struct buf *ret, const char *indent, void (*add_offer)(struct buf *, const char *)) {
    char offer[LINES_WORD];
    buf_addf(ret, "%scase $command.$place in\n", indent);
    for (size_t i = 0; i < command_count; i++) {
        const char *at = commands[i].offers;
        for (int place = 1; lines_word(&at, ' ', offer); place++) {
            offer_words(offer);
            buf_addf(ret, "%s%s.%d) ", indent, commands[i].name, place);
            add_offer(ret, offer);
            buf_add_str(ret, " ;;\n");
        }
    }
    buf_addf(ret, "%sesac\n", indent);
}

static void command_names(struct buf *ret) {
    for (size_t i = 0; i < command_count; i++)
        buf_addf(ret, "%s%s", i ? " " : "", commands[i].name);
}

/* The how-manieth word of the command is being typed: flags and what they take are none. */
static void bash_place(struct buf *ret) {
    buf_add_str(ret, "    local valued=' --config");
    for (struct flags flags = {0}; flags_next(&flags);)
        if (!flags.about.is_switch) buf_addf(ret, " --%s", flags.about.flag);
    buf_add_str(ret,
                " '\n    for ((i = 2; i <= COMP_CWORD; i++)); do\n"
                "        if [[ ${COMP_WORDS[i+1]} == '=' ]]; then\n            ((i += 2))\n"
                "        elif [[ $valued == *\" ${COMP_WORDS[i]} \"* ]]; then\n            ((i += 1))\n"
                "        elif [[ ${COMP_WORDS[i]} != -* ]]; then\n            ((place += 1))\n        fi\n"
                "    done\n");
}

/* bash parts words at "=" as well: --log-format=json is three of them. And compgen -W runs what is written in
 * its words: what a folder happens to hold is offered only where it is a plain name. */
static void add_bash(struct buf *ret) {
    buf_add_str(ret,
                "# bash completion for plateia: made by `plateia completion bash`\n"
                "_plateia_files() {\n    compopt -o filenames 2>/dev/null\n"
                "    mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$word\")\n}\n\n"
                "_plateia_adapters() {\n    local file\n    for file in \"" ADAPTERS "\"/*.lua; do\n"
                "        file=${file##*/}\n        file=${file%.lua}\n"
                "        case $file in init | *_spec | *[!A-Za-z0-9_-]*) ;; *) echo \"$file\" ;; esac\n    "
                "done\n}\n\n"
                "_plateia() {\n"
                "    local IFS=$' \\t\\n' word=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD-1]}\n"
                "    local command=${COMP_WORDS[1]} place=0 i commands='");
    command_names(ret);
    buf_add_str(ret, "'\n    COMPREPLY=()\n    if [[ $COMP_CWORD == 1 ]]; then\n"
                     "        COMPREPLY=($(compgen -W \"$commands --help --version\" -- \"$word\"))\n"
                     "        return\n    fi\n"
                     "    if [[ $word == '=' ]]; then\n        word=\n"
                     "    elif [[ $flag == '=' ]]; then\n        flag=${COMP_WORDS[COMP_CWORD-2]}\n    fi\n");
    bash_values(ret);
    bash_flags(ret);
    buf_add_str(ret,
                "    if [[ $word == -* ]]; then\n"
                "        COMPREPLY=($(compgen -W \"$own $all\" -- \"$word\"))\n        return\n    fi\n");
    bash_place(ret);
    case_words(ret, "    ", bash_offer);
    buf_add_str(ret, "}\n\ncomplete -F _plateia plateia\n");
}

/* ---- zsh ---- */

/* 'name:what of it', for _describe; it parts the two at the first colon that no backslash stands before. */
static void zsh_described(struct buf *ret, const char *head, size_t len, const char *rest, size_t rest_len) {
    struct buf text = {0};
    buf_addf(&text, "%.*s:%.*s", (int)len, head, (int)rest_len, rest);
    buf_add_char(ret, ' ');
    if (text.data) add_quoted(ret, text.data, text.len);
    buf_done(&text);
}

static void zsh_values(struct buf *ret) {
    buf_add_str(ret, "  case $flag in\n  --config) _files; return ;;\n");
    for (struct flags flags = {0}; flags_next(&flags);) {
        const struct setting_about *about = &flags.about;
        if (about->is_switch) continue;
        buf_addf(ret, "  --%s) %s%s; return ;;\n", about->flag,
                 about->is_folder ? "_files -/"
                 : about->words   ? "compadd -- "
                                  : "_message value",
                 about->words ? about->words : "");
    }
    buf_add_str(ret, "  esac\n");
}

static void zsh_flags(struct buf *ret) {
    buf_add_str(ret, "  valued=(--config");
    for (struct flags flags = {0}; flags_next(&flags);)
        if (!flags.about.is_switch) buf_addf(ret, " --%s", flags.about.flag);
    buf_add_str(ret, ")\n  local -a flags\n  flags=('--help:explain the command'");
    zsh_described(ret, "--config", 8, "lines of name = value", 21);
    for (struct flags flags = {0}; flags_next(&flags);) {
        struct buf name = {0};
        buf_addf(&name, "--%s", flags.about.flag);
        if (name.data) zsh_described(ret, name.data, name.len, flags.about.help, strlen(flags.about.help));
        buf_done(&name);
    }
    buf_add_str(ret, ")\n  case $command in\n");
    for (size_t i = 0; i < command_count; i++) {
        struct lines own = lines_of(commands[i].options);
        buf_addf(ret, "  %s) %s", commands[i].name,
                 commands[i].bare ? "flags=('--help:explain the command'" : "flags+=(");
        while (lines_next(&own))
            zsh_described(ret, own.head, (size_t)lines_name(&own), own.rest, own.rest_len);
        buf_add_str(ret, ") ;;\n");
    }
    buf_add_str(ret, "  esac\n");
}

static void zsh_offer(struct buf *ret, const char *offer) {
    if (strcmp(offer, "<file>") == 0)
        buf_add_str(ret, "_files");
    else if (strcmp(offer, "<folder>") == 0)
        buf_add_str(ret, "_files -/");
    else if (strcmp(offer, "<command>") == 0)
        buf_add_str(ret, "_describe command commands");
    else if (strcmp(offer, "<adapter>") == 0)
        buf_add_str(ret, "compadd -- " ADAPTERS "/^(init|*_spec).lua(N:t:r)");
    else
        buf_addf(ret, "compadd -- %s", offer);
}

static void add_zsh(struct buf *ret) {
    buf_add_str(ret, "#compdef plateia\n# zsh completion for plateia: made by `plateia completion zsh`\n"
                     "_plateia() {\n  setopt localoptions extendedglob\n"
                     "  local command=$words[2] flag=$words[CURRENT-1] word place=0 skip=0\n"
                     "  local -a commands valued\n  commands=(");
    for (size_t i = 0; i < command_count; i++)
        zsh_described(ret, commands[i].name, strlen(commands[i].name), commands[i].summary,
                      strlen(commands[i].summary));
    buf_add_str(ret, ")\n  if (( CURRENT == 2 )); then _describe command commands; return; fi\n"
                     "  if compset -P '--*='; then flag=${IPREFIX%=}; fi\n");
    zsh_values(ret);
    zsh_flags(ret);
    buf_add_str(ret, "  if [[ $PREFIX == -* ]]; then _describe -o flag flags; return; fi\n"
                     "  for word in ${words[3,CURRENT]}; do\n"
                     "    if (( skip )); then skip=0\n"
                     "    elif [[ $word == --*=* ]]; then :\n"
                     "    elif [[ $word == --* ]]; then (( skip = ${valued[(Ie)$word]} > 0 ))\n"
                     "    else (( place += 1 )); fi\n  done\n");
    case_words(ret, "  ", zsh_offer);
    buf_add_str(ret, "}\nif [[ $zsh_eval_context[-1] == loadautofunc ]]; then _plateia \"$@\"; "
                     "else compdef _plateia plateia; fi\n");
}

/* ---- fish ---- */

static void fish_flag(struct buf *ret, const struct setting_about *about) {
    buf_addf(ret, "complete -c plateia -n '__fish_seen_subcommand_from $plateia_with_settings' -l %s -%s -d ",
             about->flag, about->is_switch ? "f" : "x");
    add_quoted(ret, about->help, strlen(about->help));
    if (about->is_folder) buf_add_str(ret, " -a '(__fish_complete_directories)'");
    if (about->words && !about->is_switch) buf_addf(ret, " -a '%s'", about->words);
    buf_add_char(ret, '\n');
}

static void fish_offers(struct buf *ret, const struct command *command) {
    char offer[LINES_WORD];
    for (const char *at = command->offers; lines_word(&at, ' ', offer);) {
        offer_words(offer);
        buf_addf(ret, "complete -c plateia -n '__fish_seen_subcommand_from %s' ", command->name);
        if (strcmp(offer, "<file>") == 0)
            buf_add_str(ret, "-F\n");
        else if (strcmp(offer, "<folder>") == 0)
            buf_add_str(ret, "-a '(__fish_complete_directories)'\n");
        else if (strcmp(offer, "<command>") == 0)
            buf_add_str(ret, "-a \"$plateia_commands\"\n");
        else if (strcmp(offer, "<adapter>") == 0)
            buf_add_str(ret,
                        "-a '(path basename (path change-extension \"\" (set -q PLATEIA_SCRIPTS; and echo "
                        "$PLATEIA_SCRIPTS; or echo scripts)/adapters/*.lua) | string match -v init)'\n");
        else
            buf_addf(ret, "-a '%s'\n", offer);
    }
}

static void fish_command(struct buf *ret, const struct command *command) {
    struct lines own = lines_of(command->options);
    buf_addf(ret, "complete -c plateia -n '__fish_use_subcommand' -a %s -d ", command->name);
    add_quoted(ret, command->summary, strlen(command->summary));
    buf_add_char(ret, '\n');
    while (lines_next(&own)) {
        buf_addf(ret, "complete -c plateia -n '__fish_seen_subcommand_from %s' -l %.*s -d ", command->name,
                 lines_name(&own) - 2, own.head + 2);
        add_quoted(ret, own.rest, own.rest_len);
        buf_add_char(ret, '\n');
    }
    fish_offers(ret, command);
}

static void add_fish(struct buf *ret) {
    buf_add_str(ret, "# fish completion for plateia: made by `plateia completion fish`\n"
                     "set -g plateia_commands ");
    command_names(ret);
    buf_add_str(ret, "\nset -g plateia_with_settings");
    for (size_t i = 0; i < command_count; i++)
        if (!commands[i].bare) buf_addf(ret, " %s", commands[i].name);
    buf_add_str(ret,
                "\ncomplete -c plateia -f\ncomplete -c plateia -s h -l help -d 'explain the command'\n"
                "complete -c plateia -s V -l version -d 'print the version'\n"
                "complete -c plateia -n '__fish_seen_subcommand_from $plateia_with_settings' -l config -r "
                "-F -d 'lines of name = value'\n");
    for (size_t i = 0; i < command_count; i++)
        fish_command(ret, &commands[i]);
    for (struct flags flags = {0}; flags_next(&flags);)
        fish_flag(ret, &flags.about);
}

bool completion_for(const char *shell, struct buf *ret) {
    static const struct {
        const char *name;
        void (*add)(struct buf *ret);
    } shells[] = {{"bash", add_bash}, {"zsh", add_zsh}, {"fish", add_fish}};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(shells[i].name, shell) == 0) {
            shells[i].add(ret);
            return true;
        }
    return false;
}
