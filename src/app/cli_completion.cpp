#include "app/cli_completion.hpp"

#include "base/assert.hpp"

namespace hongyan::app {
namespace {

/// One command with its path below the program, "" for the program itself, "dlq list" for a nested
/// one.
struct Place {
    std::string path;
    const CommandNode* node;
};

// Commands nest two deep; the walk is bounded by the tree.
void collect(const CommandNode& node, const std::string& path, std::vector<Place>& places) {
    places.push_back({path, &node});
    for (const auto& command : node.commands)
        collect(command, path.empty() ? command.name : path + " " + command.name, places);
}

std::vector<Place> places_of(const CommandNode& root) {
    std::vector<Place> places;
    collect(root, "", places);
    return places;
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

std::vector<std::string> words_after(const CommandNode& node) {
    std::vector<std::string> words = node.words;
    for (const auto& command : node.commands) words.push_back(command.name);
    return words;
}

std::string option_words(const CommandNode& node) {
    std::string out;
    for (const auto& option : node.options) out += (out.empty() ? "" : " ") + joined(option.names);
    return out;
}

/// text inside single quotes of a shell, the quotes included.
std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

/// Lines of a shell case: which words may follow each path, each option.
std::string bash_cases(const std::vector<Place>& places) {
    std::string lines;
    for (const auto& [path, node] : places) {
        for (const auto& option : node->options) {
            if (!option.takes_value) continue;
            for (const auto& name : option.names) {
                lines += "        " + quoted(path + "|" + name) +
                         ") kind=value; words=" + quoted(joined(option.choices)) + " ;;\n";
            }
        }
    }
    return lines;
}

std::string bash_words(const std::vector<Place>& places) {
    std::string lines;
    for (const auto& [path, node] : places) {
        lines += "        " + quoted(path) + ") words=" + quoted(joined(words_after(*node))) +
                 "; options=" + quoted(option_words(*node)) +
                 "; files=" + (node->takes_file ? "1" : "") + " ;;\n";
    }
    return lines;
}

std::string known_paths(const std::vector<Place>& places) {
    std::string pattern;
    for (const auto& [path, node] : places) {
        if (!path.empty()) pattern += (pattern.empty() ? "" : "|") + quoted(path);
    }
    return pattern;
}

std::string bash_script(const CommandNode& root) {
    const auto places = places_of(root);
    return "# bash completion of " + root.name + "; load it with: source <(" + root.name +
           " completion bash)\n_" + root.name +
           "() {\n    local current=\"${COMP_WORDS[COMP_CWORD]}\" "
           "previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
           "    local path='' next='' kind='' words='' options='' files='' i\n"
           "    if [[ $current == = ]]; then current=''\n"
           "    elif [[ $previous == = ]]; then previous=\"${COMP_WORDS[COMP_CWORD-2]}\"; fi\n"
           "    for ((i = 1; i < COMP_CWORD; i++)); do\n        next=\"${path:+$path "
           "}${COMP_WORDS[i]}\"\n"
           "        case \"$next\" in\n            " +
           known_paths(places) +
           ") path=\"$next\" ;;\n        esac\n    done\n"
           "    case \"$path|$previous\" in\n" +
           bash_cases(places) +
           "    esac\n"
           "    if [[ $kind == value ]]; then\n"
           "        if [[ -n $words ]]; then COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
           "        else COMPREPLY=($(compgen -f -- \"$current\")); fi\n        return\n    fi\n"
           "    case \"$path\" in\n" +
           bash_words(places) +
           "    esac\n"
           "    if [[ $current == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- "
           "\"$current\"))\n"
           "    elif [[ -n $files ]]; then COMPREPLY=($(compgen -f -- \"$current\"))\n"
           "    else COMPREPLY=($(compgen -W \"$words\" -- \"$current\")); fi\n}\n"
           "complete -o filenames -F _" +
           root.name + " " + root.name + "\n";
}

/// Entries 'word:description' for zsh's _describe.
std::string zsh_entries(const CommandNode& node) {
    std::string entries;
    const auto escape = [](std::string text) {
        for (std::size_t at = text.find(':'); at != text.npos; at = text.find(':', at + 2))
            text.insert(at, "\\");
        return text;
    };
    for (const auto& command : node.commands)
        entries += " " + quoted(escape(command.name) + ":" + command.description);
    for (const auto& word : node.words) entries += " " + quoted(escape(word));
    return entries;
}

std::string zsh_script(const CommandNode& root) {
    const auto places = places_of(root);
    std::string values;
    std::string cases;
    for (const auto& [path, node] : places) {
        std::string options;
        for (const auto& option : node->options) {
            for (const auto& name : option.names) {
                options += " " + quoted(name + ":" + option.description);
                if (!option.takes_value) continue;
                values +=
                    "        " + quoted(path + "|" + name) + ") " +
                    (option.choices.empty() ? "_files" : "compadd -- " + joined(option.choices)) +
                    "; return ;;\n";
            }
        }
        cases += "        " + quoted(path) + ") entries=(" + zsh_entries(*node) + " ); flags=(" +
                 options + " ); files=" + (node->takes_file ? "1" : "''") + " ;;\n";
    }
    return "#compdef " + root.name + "\n# zsh completion; load it with: source <(" + root.name +
           " completion zsh)\n_" + root.name +
           "() {\n    local path_so_far='' next='' files='' i\n    local -a entries flags\n"
           "    for ((i = 2; i < CURRENT; i++)); do\n        next=\"${path_so_far:+$path_so_far "
           "}${words[i]}\"\n"
           "        case \"$next\" in\n            " +
           known_paths(places) +
           ") path_so_far=\"$next\" ;;\n        esac\n    done\n"
           "    case \"$path_so_far|${words[CURRENT-1]}\" in\n" +
           values +
           "    esac\n"
           "    case \"$path_so_far\" in\n" +
           cases +
           "    esac\n"
           "    if [[ \"${words[CURRENT]}\" == -* ]]; then _describe option flags\n"
           "    elif [[ -n $files ]]; then _files\n    else _describe command entries; fi\n}\n"
           "if [[ \"${funcstack[1]}\" == _" +
           root.name + " ]]; then _" + root.name + " \"$@\"; else compdef _" + root.name + " " +
           root.name + "; fi\n";
}

std::string fish_option(const OptionNode& option) {
    std::string words;
    for (const auto& name : option.names) {
        words += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (option.takes_value)
        words += option.choices.empty() ? " -r" : " -x -a " + quoted(joined(option.choices));
    return words + " -d " + quoted(option.description);
}

std::string fish_script(const CommandNode& root) {
    const std::string helper = "__" + root.name + "_path";
    const auto places = places_of(root);
    std::string script = "# fish completion; put it into ~/.config/fish/completions/" + root.name +
                         ".fish\nfunction " + helper +
                         "\n    set -l path ''\n    for word in (commandline -opc)[2..-1]\n"
                         "        set -l next (string trim -- \"$path $word\")\n        switch "
                         "\"$next\"\n            case";
    for (const auto& [path, node] : places) {
        if (!path.empty()) script += " " + quoted(path);
    }
    script +=
        "\n                set path $next\n        end\n    end\n    test \"$path\" = "
        "\"$argv[1]\"\nend\n";
    for (const auto& [path, node] : places) {
        const std::string start =
            "complete -c " + root.name + " -n \"" + helper + " '" + path + "'\"";
        if (!node->takes_file) script += start + " -f\n";
        for (const auto& command : node->commands) {
            script +=
                start + " -a " + quoted(command.name) + " -d " + quoted(command.description) + "\n";
        }
        if (!node->words.empty()) script += start + " -a " + quoted(joined(node->words)) + "\n";
        for (const auto& option : node->options) script += start + fish_option(option) + "\n";
    }
    return script;
}

}  // namespace

std::string completion_script(const CommandNode& root, std::string_view shell) {
    HY_ASSERT(!root.name.empty());
    if (shell == "bash") return bash_script(root);
    if (shell == "zsh") return zsh_script(root);
    if (shell == "fish") return fish_script(root);
    return "";
}

}  // namespace hongyan::app
