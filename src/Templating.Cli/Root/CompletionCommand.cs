using System.CommandLine;
using Templating.Cli.Base;
using Templating.Cli.Exits;

namespace Templating.Cli.Root;

/// <summary>Prints a script for the shell that asks this program, by its [suggest] directive, what may come next.</summary>
internal static class CompletionCommand
{
    // The last word is replaced whole: bash takes ':' and '=' for ends of words, so what is before them is cut off again.
    private const string Bash = """
        # bash completion for templating: source <(templating completion bash)
        _templating() {
            local line="${COMP_LINE:0:COMP_POINT}" word found prefix
            word="${line##*[[:space:]]}"
            local IFS=$'\n'
            found=($(templating "[suggest:${#line}]" "$line" 2>/dev/null))
            COMPREPLY=($(compgen -W "${found[*]}" -- "$word"))
            prefix="${word%"${word##*[:=]}"}"
            if [[ -n "$prefix" ]]; then
                COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
            fi
        }
        complete -o default -F _templating templating

        """;

    private const string Zsh = """
        #compdef templating
        # zsh completion for templating: source <(templating completion zsh)
        _templating() {
            local line="${BUFFER[1,CURSOR]}"
            local -a found
            found=("${(@f)$(templating "[suggest:${#line}]" "$line" 2>/dev/null)}")
            if (( ${#found} )) && [[ -n "${found[1]}" ]]; then
                compadd -- "${found[@]}"
            else
                _files
            fi
        }
        compdef _templating templating

        """;

    private const string Fish = """
        # fish completion for templating: templating completion fish | source
        function __templating_complete
            set -l line (commandline -cp)
            templating "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c templating -a '(__templating_complete)'

        """;

    public static CliCommand Create(Globals globals)
    {
        var shell = new Argument<string>("SHELL") { HelpName = "SHELL", Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new CliCommand(
            "completion",
            "Prints a completion script for a shell.",
            "source <(templating completion bash)",
            "templating completion zsh > ~/.zsh/completions/_templating",
            "templating completion fish > ~/.config/fish/completions/templating.fish")
        {
            shell,
        };
        return globals.Run(command, (context, _) =>
        {
            context.Write(context.Get(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                _ => Fish,
            });
            return Task.FromResult(ExitCode.Ok);
        });
    }
}
