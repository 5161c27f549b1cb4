#include "cli/descriptions.h"

#include <CLI/CLI.hpp>

#include "config/joined.h"
#include "revision.h"

namespace senet {

namespace {

std::vector<const CLI::App*> subcommands_of(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App*) { return true; });
}

// Those that help shows.
std::vector<const CLI::Option*> options_of(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) { return !option->get_group().empty(); });
}

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : options_of(command)) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return flags;
}

// A line of a `case` over the verbs typed so far: the words that may follow them.
void add_words(const CLI::App& command, const std::string& typed, std::string& lines) {
  std::vector<std::string> words = flags_of(command);
  for (const CLI::App* verb : subcommands_of(command)) {
    words.push_back(verb->get_name());
    add_words(*verb, typed.empty() ? verb->get_name() : typed + " " + verb->get_name(), lines);
  }
  lines += "    '" + typed + "') words='" + joined(words, " ") + "' ;;\n";
}

// Text as roff takes it: no hyphen that it may break or turn into another, no line that it takes for a request.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out.find_first_of(".'") == 0 ? "\\&" + out : out;
}

void add_verb(const CLI::App& command, const std::string& name, std::string& page) {
  page += ".SS " + roff(name);
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) page += " " + roff(option->get_name(true));
  }
  page += "\n" + roff(command.get_description()) + ".\n";
  for (const CLI::Option* option : options_of(command)) {
    if (option->get_lnames().empty() || option->get_lnames().front().rfind("help", 0) == 0) continue;
    const std::string value = option->get_type_name();
    page += ".TP\n.B \"" + roff("--" + option->get_lnames().front() + (value.empty() ? "" : " " + value)) + "\"\n" +
            roff(option->get_description()) + "\n";
  }
  for (const CLI::App* verb : subcommands_of(command)) add_verb(*verb, name + " " + verb->get_name(), page);
}

}  // namespace

std::string bash_completion(const CLI::App& program) {
  std::string lines;
  add_words(program, "", lines);
  std::vector<std::string> verbs;
  for (const CLI::App* verb : subcommands_of(program)) {
    verbs.push_back(verb->get_name());
    for (const CLI::App* inner : subcommands_of(*verb)) verbs.push_back(verb->get_name() + " " + inner->get_name());
  }
  return "# bash completion of senet; . <(senet completion)\n"
         "_senet() {\n"
         "  local words='' typed='' word\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case $word in -*) break ;; esac\n"
         "    case \"${typed:+$typed }$word\" in\n"
         "      '" +
         joined(verbs, "'|'") +
         "') typed=\"${typed:+$typed }$word\" ;;\n"
         "      *) break ;;\n"
         "    esac\n"
         "  done\n"
         "  case $typed in\n" +
         lines +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "}\n"
         "complete -o default -F _senet senet\n";
}

std::string manual(const CLI::App& program) {
  std::string page =
      ".TH SENET 1 \"\" \"senet " + roff(SENET_VERSION) + "\"\n.SH NAME\nsenet \\- " + roff(program.get_description()) +
      "\n.SH SYNOPSIS\n.B senet\n.I VERB\n.RI [ OPTION ...]\n.SH DESCRIPTION\nA verb is told what to do by its "
      "options; experiments are TOML files, whose keys\n.B senet options\nlists.\n";
  std::string topic;
  for (const CLI::App* verb : subcommands_of(program)) {
    if (verb->get_group() != topic) page += ".SH \"" + roff(verb->get_group()) + "\"\n";
    topic = verb->get_group();
    add_verb(*verb, "senet " + verb->get_name(), page);
  }
  return page +
         ".SH \"EXIT STATUS\"\n0: done; 1: a run failed; 2: wrong usage or configuration; 130: stopped by Ctrl\\-C or "
         "SIGTERM, a training after a checkpoint; 75: not done, as another process has the phase (\\-\\-no\\-wait).\n"
         ".SH ENVIRONMENT\n.TP\n.B SENET_PLUGIN_PATH\nfolders of plugins, separated by colons\n"
         ".TP\n.B SLURM_CPUS_PER_TASK, OMP_NUM_THREADS\nthreads, where \\-\\-threads does not say\n"
         ".TP\n.B SENET_MPC_VENV\nthe Python environment with the engine of senet measure\n"
         ".TP\n.B SENET_PLAIN_STEPS\non a GPU: steps run as they are, not recorded as a graph\n";
}

}  // namespace senet
