//! A fresh database for a story, on either product.

use std::sync::OnceLock;

use bienlai::store::{Conn, DatabaseUrl, Product, migrate};

use super::postgres;
use super::tools::{self, Folder};

/// An empty, migrated database of one story; gone when dropped.
pub struct Database {
    pub product: Product,
    /// The owner's URL.
    pub url: String,
    pub folder: Folder,
    server: Option<&'static postgres::Server>,
}

impl Database {
    pub fn sqlite() -> Database {
        let folder = Folder::new("sqlite");
        let path = folder.path().join("bienlai.db");
        std::fs::copy(sqlite_template(), &path).expect("the migrated file is copied");
        Database {
            product: Product::Sqlite,
            url: format!("sqlite://{}", path.display()),
            folder,
            server: None,
        }
    }

    pub fn postgresql() -> Database {
        Database::postgresql_on(postgres::shared().unwrap_or_else(|why| panic!("{why}")))
    }

    /// On a server of the story's own, which it may stop.
    pub fn postgresql_on(server: &'static postgres::Server) -> Database {
        let folder = Folder::new("postgresql");
        Database { product: Product::PostgreSql, url: server.database(), folder, server: Some(server) }
    }

    /// A database of the product without a table.
    pub fn empty(product: Product) -> Database {
        let folder = Folder::new("empty");
        let (url, server) = match product {
            Product::Sqlite => (format!("sqlite://{}", folder.path().join("bienlai.db").display()), None),
            Product::PostgreSql => {
                let server = postgres::shared().unwrap_or_else(|why| panic!("{why}"));
                (server.empty_database(), Some(server))
            }
        };
        Database { product, url, folder, server }
    }

    pub fn fresh(product: Product) -> Database {
        match product {
            Product::Sqlite => Database::sqlite(),
            Product::PostgreSql => Database::postgresql(),
        }
    }

    pub fn parsed_url(&self) -> DatabaseUrl {
        DatabaseUrl::parse(&self.url, false).expect("a test database has a good URL")
    }

    /// A raw connection as the owner.
    pub fn as_owner(&self) -> Conn {
        tools::as_owner(&self.url)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(server) = self.server {
            server.drop_database(&self.url);
        }
    }
}

fn sqlite_template() -> &'static std::path::Path {
    static TEMPLATE: OnceLock<std::path::PathBuf> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let folder = std::mem::ManuallyDrop::new(Folder::new("template"));
        tools::delete_at_exit(folder.path());
        let path = folder.path().join("bienlai.db");
        let url = format!("sqlite://{}", path.display());
        migrate::run(&DatabaseUrl::parse(&url, false).expect("a good URL")).expect("the migrations apply");
        path
    })
}

/// The products to test with: both, unless SQLite alone was asked for.
pub fn products() -> Vec<Product> {
    if tools::switch("BIENLAI_TEST_SQLITE_ONLY") {
        return vec![Product::Sqlite];
    }
    vec![Product::Sqlite, Product::PostgreSql]
}

/// Tells the story once on each product, and says on which it failed.
pub fn each_database(story: impl Fn(Database)) {
    for product in products() {
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| story(Database::fresh(product))));
        if let Err(why) = told {
            eprintln!("the story failed on {product:?}");
            std::panic::resume_unwind(why);
        }
    }
}
