#include "app/run.hpp"

#include <iostream>

#include "app/cli.hpp"
#include "app/migrate_to.hpp"
#include "app/rotate_key.hpp"
#include "app/sandbox_command.hpp"
#include "app/serve.hpp"
#include "app/store_commands.hpp"

namespace hongyan::app {

int run(int argc, char** argv) {
    ServerCommands commands;
    commands.serve = serve;
    commands.migrate = migrate;
    commands.backup = backup;
    commands.rotate_master_key = rotate_master_key;
    commands.migrate_to = migrate_to;
    commands.openapi = openapi;
    commands.sandbox = sandbox;
    commands.inspect_store = inspect_store;
    commands.check_store_server = check_store_server;
    return run_cli(argc, argv, commands);
}

}  // namespace hongyan::app
