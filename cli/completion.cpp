#include "cli/completion.hpp"

#include "cli/commands.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// One command of the tree with what may follow it.
struct node {
  std::string path; ///< `brief submit`; empty for the program itself
  std::vector<std::pair<std::string, std::string>> words; ///< commands: name, what
  std::vector<std::pair<std::string, std::string>> flags; ///< `--name`, what
  bool files = false;                                     ///< takes a file somewhere
};

void collect(command of, std::string const& path, std::vector<node>& out) {
  node n;
  n.path = path;
  auto subs = of.commands();
  std::erase_if(subs, [](command const& sub) { return sub.hidden(); });
  for (auto const& sub : subs)
    n.words.emplace_back(sub.name(), sub.what());
  for (auto const& o : of.options()) {
    if (o.hidden())
      continue;
    for (auto const& name : o.long_names())
      n.flags.emplace_back("--" + name, o.what());
    auto const type = o.type();
    n.files = n.files || type == "FILE" || type == "DIR" || type == "EXPORT";
  }
  out.push_back(std::move(n));
  for (auto const& sub : subs)
    collect(sub, path.empty() ? sub.name() : path + " " + sub.name(), out);
}

std::vector<node> tree_of(command root) {
  std::vector<node> out;
  collect(root, {}, out);
  // Common flags may stand after any command.
  for (std::size_t i = 1; i < out.size(); ++i) {
    for (auto const& f : out[0].flags) {
      if (std::find(out[i].flags.begin(), out[i].flags.end(), f) == out[i].flags.end())
        out[i].flags.push_back(f);
    }
  }
  return out;
}

/// In single quotes for any of the shells.
std::string quoted(std::string_view text, std::string_view quote) {
  std::string out = "'";
  for (char const c : text) {
    if (c == '\'')
      out += quote;
    else if (c != '\n')
      out += c;
  }
  return out + "'";
}

std::string all_of(node const& n) {
  std::string out;
  for (auto const* list : {&n.words, &n.flags}) {
    for (auto const& [word, what] : *list)
      out += (out.empty() ? "" : " ") + word;
  }
  return out;
}

std::string bash(std::vector<node> const& tree) {
  std::string out =
      R"(# bash completion of troupe; put it where bash-completion looks, or: source <(troupe completion bash)
_troupe() {
  local word path="" next i
  local current=${COMP_WORDS[COMP_CWORD]}
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in -*) continue ;; esac
    next="${path:+$path }$word"
    case $next in
)";
  std::string names;
  for (auto const& n : tree) {
    if (!n.path.empty())
      names += (names.empty() ? "" : "|") + quoted(n.path, "'\\''");
  }
  out += "    " + names + ") path=$next ;;\n    esac\n  done\n  case $path in\n";
  for (auto const& n : tree) {
    out += "  " + quoted(n.path, "'\\''") + ") COMPREPLY=($(compgen -W " +
           quoted(all_of(n), "'\\''") + " -- \"$current\"))";
    if (n.files)
      out += "\n    case $current in -*) ;; *) COMPREPLY+=($(compgen -f -- \"$current\")) ;; esac";
    out += " ;;\n";
  }
  out += "  esac\n}\ncomplete -o filenames -F _troupe troupe\n";
  return out;
}

/// A word and its meaning for `_describe`.
std::string zsh_item(std::pair<std::string, std::string> const& item) {
  auto what = item.second;
  std::replace(what.begin(), what.end(), ':', ';');
  return quoted(item.first + ":" + what, "'\\''");
}

std::string zsh(std::vector<node> const& tree) {
  std::string out = R"(#compdef troupe
# zsh completion of troupe; put it as _troupe into a folder of $fpath, or: source <(troupe completion zsh)
_troupe() {
  local word where="" next i
  local -a items
  for ((i = 2; i < CURRENT; i++)); do
    word=${words[i]}
    [[ $word == -* ]] && continue
    next="${where:+$where }$word"
    case $next in
)";
  std::string names;
  for (auto const& n : tree) {
    if (!n.path.empty())
      names += (names.empty() ? "" : "|") + quoted(n.path, "'\\''");
  }
  out += "    " + names + ") where=$next ;;\n    esac\n  done\n  case $where in\n";
  for (auto const& n : tree) {
    out += "  " + quoted(n.path, "'\\''") + ")\n    items=(";
    for (auto const* list : {&n.words, &n.flags}) {
      for (auto const& item : *list)
        out += "\n      " + zsh_item(item);
    }
    out += ")\n    _describe 'troupe' items\n";
    if (n.files)
      out += "    [[ $words[CURRENT] == -* ]] || _files\n";
    out += "    ;;\n";
  }
  out += "  esac\n}\ncompdef _troupe troupe\n";
  return out;
}

std::string fish(std::vector<node> const& tree) {
  std::string out = "# fish completion of troupe; as ~/.config/fish/completions/troupe.fish\n"
                    "complete -c troupe -f\n"
                    "function __troupe_at\n"
                    "  set -l here\n"
                    "  for word in (commandline -opc)[2..]\n"
                    "    string match -q -- '-*' $word; or set -a here $word\n"
                    "  end\n"
                    "  test \"$here[1..(math min (count $here), $argv[1])]\" = \"$argv[2]\"\n"
                    "end\n";
  for (auto const& n : tree) {
    auto const depth = n.path.empty() ? 0 : 1 + std::count(n.path.begin(), n.path.end(), ' ');
    auto const at = quoted("__troupe_at " + std::to_string(depth) + " \"" + n.path + "\"", "\\'");
    for (auto const& [word, what] : n.words)
      out += "complete -c troupe -n " +
             quoted("test (count (__troupe_words)) = " + std::to_string(depth) +
                        "; and __troupe_at " + std::to_string(depth) + " \"" + n.path + "\"",
                    "\\'") +
             " -a " + word + " -d " + quoted(what, "\\'") + "\n";
    for (auto const& [flag, what] : n.flags)
      out += "complete -c troupe -n " + at + " -l " + flag.substr(2) + " -d " +
             quoted(what, "\\'") + "\n";
    if (n.files)
      out += "complete -c troupe -n " + at + " -F\n";
  }
  auto const words = std::string{"function __troupe_words\n"
                                 "  for word in (commandline -opc)[2..]\n"
                                 "    string match -q -- '-*' $word; or echo $word\n"
                                 "  end\n"
                                 "end\n"};
  return words + out;
}

} // namespace

std::string completion_script(command root, std::string_view shell) {
  auto const tree = tree_of(root);
  return shell == "bash" ? bash(tree) : shell == "zsh" ? zsh(tree) : fish(tree);
}

void add_completion_command(command_line& line) {
  auto const shell = std::make_shared<std::string>();
  auto const root = line.root();
  auto const c = line.add(root, "completion", "Prints a completion script.",
                          "  source <(troupe completion bash)\n"
                          "  troupe completion zsh > ~/.zfunc/_troupe\n"
                          "  troupe completion fish > ~/.config/fish/completions/troupe.fish",
                          [shell, root](console& out) {
                            auto const text = completion_script(root, *shell);
                            return out.show(json::object{{"script", text}}, text);
                          });
  c.add_option("shell", *shell, "bash, zsh or fish")
      .required()
      .one_of({"bash", "zsh", "fish"})
      .type_name("SHELL");
  line.without_settings(c);
}

} // namespace troupe
