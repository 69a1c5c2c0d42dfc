# "rails db:migrate", or "rails db:setup" where that is the second argument, with schema_format = :sql and dump_schemas = :all.
require "active_record"

ActiveRecord::Base.establish_connection(adapter: "postgresql", database: ARGV[0], host: ENV["PGHOST"], username: ENV["PGUSER"])
ActiveRecord::Base.dump_schemas = :all
database = ActiveRecord::Tasks::PostgreSQLDatabaseTasks.new(ActiveRecord::Base.connection_db_config)
if ARGV[1] == "setup"
  database.structure_load("db/structure.sql", nil)
  load "db/seeds.rb"
else
  ActiveRecord::MigrationContext.new("db/migrate", ActiveRecord::SchemaMigration).migrate
  database.structure_dump("db/structure.sql", nil)
end
