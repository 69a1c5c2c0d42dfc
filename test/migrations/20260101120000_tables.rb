class Tables < ActiveRecord::Migration[6.1]
  def change
    create_table :leads, primary_key: :lead_id do |t|
      t.text :email, null: false
    end
    create_table :events do |t|
      t.bigint :lead_id, null: false
      t.text :type, null: false
      t.timestamp :occurred_at, null: false
      t.jsonb :properties, null: false
    end
    add_index :events, %i[lead_id occurred_at]
  end
end
