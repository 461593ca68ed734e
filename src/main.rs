/// Settling makes and drops many small texts; with the system's allocator that took a sixth of the
/// service's time per callback.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    bienlai::cli::main()
}
