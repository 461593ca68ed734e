fn main() -> std::process::ExitCode {
    bienlai::cli::main()
}
