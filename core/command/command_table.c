/* command_table.c -- every command, and all that is said of it. Whoever adds one adds a row: help, the
 * shells' completions and the manual page follow. */

#include "commands.h"
#include <string.h>

#define SERVING "Serving"
#define SCRIPTS "Scripts"
#define DATA    "Data"
#define ABOUT   "About"

#define FOLDERS "scripts sql data database_url"

/* clang-format off */
const struct command commands[] = {
    {.name = "serve", .words = "", .run = command_serve, .group = SERVING,
     .summary = "run the server",
     .about =
         "Runs the server until SIGTERM or SIGINT: it takes no new connections then, answers what is under way "
         "and ends. SIGHUP has it read the scripts anew. Without DATABASE_URL it keeps a private PostgreSQL of "
         "its own in the data folder. The schema is brought up to date first.\n\n"
         "Standard output is the log: text on a terminal, JSON elsewhere.",
     .settings = NULL,
     .examples =
         "plateia serve|on http://localhost:8080, data in ./data\n"
         "plateia serve --listen 127.0.0.1:8081 --data /var/lib/plateia|elsewhere\n"
         "DATABASE_URL=postgresql://... PLATEIA_JWT_SECRET_FILE=/run/secrets/jwt plateia serve|on a PostgreSQL that is there",
     .failed = "It could not start: the last line of the log says why.",
     .see = "ready settings check"},
    {.name = "ready", .words = "", .run = command_ready, .group = SERVING,
     .summary = "ask a running server whether it is ready",
     .about =
         "Asks the admin listener (GET /ready) and prints what it answers. Meant for health checks of "
         "containers and service managers.",
     .settings = "admin_listen",
     .examples =
         "plateia ready|the server on this machine\n"
         "plateia ready --admin-listen 127.0.0.1:9181|one that listens elsewhere",
     .failed = "It is not ready, or nobody answers.",
     .see = "serve scripts"},
    {.name = "check", .words = "[DIR]", .most = 1, .run = command_check, .group = SCRIPTS, .offers = "<folder>",
     .summary = "check scripts and queries without serving them",
     .about =
         "Loads the scripts in DIR (else the setting scripts) as a worker does, and has every query prepared by "
         "DATABASE_URL, by the database of the server that runs on the data folder, or by one made for this and "
         "removed. It refuses what a reload refuses.\n\n"
         "The first line of standard error is then `file:line: reason`, as editors read it.",
     .settings = FOLDERS,
     .examples =
         "plateia check|scripts/ and sql/queries/ as they are\n"
         "plateia check /tmp/scripts|other scripts, the same queries",
     .failed = "Something would be refused, or no database could be asked.",
     .see = "reload routes stubs"},
    {.name = "routes", .words = "[DIR]", .most = 1, .run = command_routes, .group = SCRIPTS, .offers = "<folder>",
     .summary = "list the routes that the scripts make",
     .about =
         "Loads the scripts in DIR (else the setting scripts) and lists what they serve: method, path, the "
         "operation's name in the API's description, who may (`open`, or the security that guards it), for how "
         "many seconds an answer is kept, and the line that declares it. No server, no database.",
     .options = "--json|as a list of objects",
     .settings = "scripts sql",
     .examples =
         "plateia routes|a table for people\n"
         "plateia routes --json|for programs",
     .failed = "The scripts do not load: standard error says file, line and reason.",
     .see = "openapi check stubs"},
    {.name = "openapi", .words = "", .run = command_openapi, .group = SCRIPTS,
     .summary = "print the description of the API (OpenAPI 3.1)",
     .about = "Prints what GET /openapi.json would answer, of the scripts as they are. No server, no database.",
     .settings = "scripts sql",
     .examples =
         "plateia openapi >openapi.json|for generators of clients\n"
         "plateia openapi --scripts /tmp/scripts|of other scripts",
     .failed = "The scripts do not load: standard error says file, line and reason.",
     .see = "routes check"},
    {.name = "test", .words = "[DIR|FILE]...", .most = 1000, .run = command_test, .group = SCRIPTS, .offers = "<file>",
     .summary = "run the specs of the scripts",
     .about =
         "Runs the specs (*_spec.lua) in the folders and files that are named, else those of the setting scripts, in "
         "busted's words and on the real scripts: requests go through router, depends and validation to the "
         "handler without a network, queries to a database made for the run, or to DATABASE_URL's, where the "
         "schema must be. Each spec is a transaction that is taken back.\n\n"
         "The last line is `N passed, N failed`.",
     .options = "--filter PATTERN|only those with this Lua pattern in their full name\n"
                "--list|only name them\n"
                "--output FORM|how it is told: dots, names or tap",
     .settings = FOLDERS,
     .examples =
         "plateia test|all specs in scripts/\n"
         "plateia test --filter \"a month\" scripts/routes|some of them",
     .failed = "A spec failed, or there was none.",
     .see = "check routes stubs"},
    {.name = "stubs", .words = "[DIR]", .most = 1, .run = command_stubs, .bare = true, .group = SCRIPTS,
     .offers = "<folder>",
     .summary = "write what editors complete and check scripts by",
     .about =
         "Writes into DIR (else the folder one stands in), which is the one that the editor opens: .plateia/, with "
         "a definition of each module of the server for lua-language-server and what luacheck needs to know of "
         "the sandbox, and .luarc.json, which names it. Run it again after an upgrade.\n\n"
         "A file that somebody has edited is kept, and the command ends with 1.",
     .options = "--force|replace what was edited, too\n--dry-run|only say what would be written",
     .settings = "",
     .examples =
         "plateia stubs|then open this folder in an editor\n"
         "luacheck --config .plateia/luacheckrc scripts|what scripts may use, and no more",
     .failed = "Something was kept as it had been edited, or could not be written.",
     .see = "check routes"},
    {.name = "reload", .words = "", .run = command_reload, .group = SCRIPTS,
     .summary = "have a running server serve the scripts as they are now",
     .about =
         "Orders the running server to read scripts and queries anew, and says what came of it. Where anything "
         "is refused, nothing changes. A server also does this by itself when a file is saved (script_watch).",
     .options = "--dry-run|only have them checked by the server",
     .settings = "admin_listen data database_url",
     .examples =
         "plateia reload|and wait until every worker serves them\n"
         "plateia reload --dry-run|would they be served?",
     .failed = "They were refused (file:line: reason), or no server answers.",
     .see = "check rollback scripts"},
    {.name = "rollback", .words = "[N]", .most = 1, .run = command_rollback, .group = SCRIPTS,
     .summary = "have it serve a former generation again",
     .about =
         "Orders the running server to serve generation N again, or else the one before. It keeps the last "
         "five. What is rolled back stays until the next edit.",
     .settings = "admin_listen data database_url",
     .examples =
         "plateia rollback|the one before\n"
         "plateia rollback 7|generation 7, as `plateia scripts` lists it",
     .failed = "There is no such generation any more, or no server answers.",
     .see = "scripts reload"},
    {.name = "scripts", .words = "", .run = command_scripts, .group = SCRIPTS,
     .summary = "show what a running server serves",
     .about =
         "Shows which generation serves and since when, which came before it, its files, and what was refused "
         "last.",
     .options = "--json|what the admin listener answers (GET /scripts), as it is",
     .settings = "admin_listen data database_url",
     .examples =
         "plateia scripts|a table for people\n"
         "plateia scripts --json|the same for programs",
     .failed = "No server answers.",
     .see = "reload rollback routes"},
    {.name = "migrate", .words = "", .run = command_migrate, .group = DATA,
     .summary = "bring the database's schema up to date",
     .about = "Applies the migrations that are missing, and ends. `plateia serve` does the same at its start.",
     .settings = "sql data database_url",
     .examples =
         "plateia migrate|the embedded database\n"
         "DATABASE_URL=postgresql://... plateia migrate|before new servers are started",
     .failed = "The database does not answer, or a migration failed and was undone.",
     .see = "serve check"},
    {.name = "import", .words = "ADAPTER [FILE]", .least = 1, .most = 2, .run = command_import, .group = DATA,
     .offers = "<adapter> <file>",
     .summary = "import through an adapter, from a file or what it brings itself",
     .about =
         "Reads FILE (`-` is standard input, up to 16 MiB), or what the adapter brings itself, and prints a "
         "report. A server that runs on the same database does the work while it goes on serving; without one, "
         "the command does it itself. An import is safe to repeat.",
     .settings = FOLDERS " admin_listen",
     .examples =
         "plateia import wikidata|what the adapter brings along\n"
         "plateia import vega records.json|a file in that catalogue's form",
     .failed = "It failed: standard error says why.",
     .see = "serve check"},
    {.name = "outbox", .words = "list|retry [KEY]", .least = 1, .most = 2, .run = command_outbox, .group = DATA,
     .offers = "list|retry",
     .summary = "look at what waits to be sent, or have it sent again",
     .about =
         "`list` shows what waits to be sent or was given up; `retry KEY` has one row sent again, `retry --all` "
         "all that were given up. It works beside a running server and without one.",
     .options = "--all|retry whatever was given up",
     .settings = "sql data database_url",
     .examples =
         "plateia outbox list|what waits, and why\n"
         "plateia outbox retry --all|once the far side works again",
     .failed = "There is no such row, or the database does not answer.",
     .see = "settings"},
    {.name = "settings", .words = "", .run = command_settings, .group = ABOUT,
     .summary = "show every setting, its value, and where it comes from",
     .about =
         "A setting is a flag (--workers 4), an environment variable (PLATEIA_WORKERS=4; a secret's also as "
         "..._FILE, the path of a file that holds it) or a line of the file that --config or PLATEIA_CONFIG "
         "names (workers = 4). A flag wins over the environment, that over the file, that over the default. "
         "A switch may stand alone, or be denied (--access-log, --no-access-log). Secrets are shown as ***.",
     .settings = NULL,
     .examples =
         "plateia settings|as they are here\n"
         "plateia settings --config plateia.conf|with that file",
     .failed = "Never: a wrong value ends with 2.",
     .see = "serve help"},
    {.name = "completion", .words = "bash|zsh|fish", .least = 1, .most = 1, .run = command_completion, .bare = true,
     .group = ABOUT, .offers = "bash|zsh|fish",
     .summary = "print what a shell completes commands and flags by",
     .about = "Prints a file for the shell to read. `cmake --install` puts all three where shells look for them.",
     .settings = "",
     .examples =
         "eval \"$(plateia completion bash)\"|for this shell\n"
         "plateia completion fish >~/.config/fish/completions/plateia.fish|for good",
     .failed = "Never.",
     .see = "help"},
    {.name = "help", .words = "[COMMAND|MODULE]", .most = 1, .run = command_help, .bare = true, .group = ABOUT,
     .offers = "<command>",
     .summary = "explain a command or a module, or list the commands",
     .about =
         "`plateia COMMAND --help` is the same as `plateia help COMMAND`. `plateia help settings` explains every "
         "setting, `plateia help plateia.db` what scripts may call of that module of the server.",
     .options = "--man|print the manual page, plateia.1, instead",
     .settings = "",
     .examples =
         "plateia help import|what it reads, and what it answers\n"
         "plateia help plateia.db|the module's functions, and how they fail\n"
         "plateia help --man >plateia.1|for man",
     .failed = "Never: an unknown command ends with 2.",
     .see = "settings completion"},
    {.name = "version", .words = "", .run = command_version, .bare = true, .group = ABOUT,
     .summary = "print the version",
     .about = "Prints \"plateia VERSION\"; -V and --version do so as well.",
     .options = "--json|as JSON, with the compiler",
     .settings = "",
     .examples =
         "plateia version|for people\n"
         "plateia version --json|for programs",
     .failed = "Never.",
     .see = "help"},
};
/* clang-format on */

const size_t command_count = sizeof commands / sizeof *commands;

const struct command *command_find(const char *name) {
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    return NULL;
}

bool command_has(const struct command_call *call, const char *option) {
    for (int i = 0; i < call->option_count; i++)
        if (strcmp(call->options[i], option) == 0) return true;
    return false;
}

const char *command_value(const struct command_call *call, const char *option) {
    size_t len = strlen(option);
    for (int i = call->option_count - 1; i >= 0; i--) {
        const char *given = call->options[i];
        if (strncmp(given, option, len) != 0) continue;
        if (given[len] == '=') return given + len + 1;
        if (given[len] == '\0' && i + 1 < call->option_count) return call->options[i + 1];
    }
    return NULL;
}
